-- name: insert
INSERT INTO merge_request (daemon, batch, task_id, key, state, merged, code, message, hint, asked_at, ended_at)
VALUES (:daemon, :batch, :task_id, :key, :state, :merged, :code, :message, :hint, :asked_at, :ended_at)
RETURNING place;

-- name: update
UPDATE merge_request SET batch = :batch, key = :key, state = :state, merged = :merged, code = :code,
    message = :message, hint = :hint, ended_at = :ended_at
WHERE place = :place AND state = :was_state;

-- name: open
SELECT place, batch, task_id, key, state, merged, asked_at, ended_at, code, message, hint FROM merge_request
WHERE ended_at IS NULL AND daemon = :daemon ORDER BY place;

-- name: by_place
SELECT place, batch, task_id, key, state, merged, asked_at, ended_at, code, message, hint FROM merge_request
WHERE place = :place;

-- name: drop
DELETE FROM merge_request WHERE batch = :batch AND state = 'queued' AND daemon = :daemon;
