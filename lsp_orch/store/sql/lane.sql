-- name: keep
INSERT INTO lane (daemon, name, waits_for, why, rank) VALUES (:daemon, :name, :waits_for, :why, :rank)
ON CONFLICT (daemon, name) DO UPDATE SET waits_for = excluded.waits_for, why = excluded.why, rank = excluded.rank;

-- name: enter
UPDATE task SET hold_why = :name WHERE id = :id AND state = 'ready' AND engaged = 0;

-- name: open
UPDATE lane SET waits_for = '' WHERE daemon = :daemon AND waits_for = :waits_for;

-- name: open_all
UPDATE lane SET waits_for = '' WHERE daemon = :daemon AND waits_for <> '';

-- name: end
DELETE FROM lane WHERE daemon = :daemon AND name = :name;

-- name: by_name
SELECT name, waits_for, why, rank FROM lane WHERE daemon = :daemon AND name = :name;

-- name: next
SELECT name, waits_for, why, rank FROM lane
WHERE daemon = :daemon AND waits_for = '' AND (rank, name) > (:rank, :name) ORDER BY rank, name LIMIT 1;

-- name: first
SELECT id FROM task
WHERE daemon = :daemon AND hold_why = :name AND hold_why <> '' AND state = 'ready' AND engaged = 0
ORDER BY rank, place LIMIT 1;

-- name: any
SELECT 1 FROM lane WHERE daemon = :daemon LIMIT 1;
