-- name: upsert
INSERT INTO session (id, kind, name, workspace, pid, started, connected_at, seen_at, state, reaped_at, daemon)
VALUES (:id, :kind, :name, :workspace, :pid, :started, :connected_at, :seen_at, :state, :reaped_at, :daemon)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, workspace = excluded.workspace, pid = excluded.pid,
    started = excluded.started, seen_at = excluded.seen_at, state = excluded.state,
    reaped_at = excluded.reaped_at, daemon = excluded.daemon;

-- name: delete
DELETE FROM session WHERE id = :id;

-- name: all
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at, state, reaped_at
FROM session WHERE state <> 'reaped' ORDER BY connected_at, id;

-- name: own
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at, state, reaped_at
FROM session WHERE state <> 'reaped' AND daemon = :daemon ORDER BY connected_at, id;

-- name: by_id
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at, state, reaped_at
FROM session WHERE id = :id;

-- name: is_worker
SELECT 1 FROM task WHERE session_id = :id;

-- name: reaped
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at, state, reaped_at
FROM session WHERE state = 'reaped' ORDER BY reaped_at DESC, id;

-- name: keep_reaped
UPDATE session SET reaped_at = :now WHERE state = 'reaped' AND (reaped_at <= :before OR reaped_at > :now);

-- name: insert_lost
INSERT INTO session_lost (session_id, workspace, kind, key) VALUES (:session_id, :workspace, :kind, :key)
ON CONFLICT (session_id, workspace, kind, key) DO NOTHING;

-- name: delete_lost
DELETE FROM session_lost WHERE session_id = :session_id;

-- name: lost
SELECT workspace, kind, key FROM session_lost WHERE session_id = :session_id ORDER BY kind, key, workspace;
