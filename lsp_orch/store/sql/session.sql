-- name: upsert
INSERT INTO session (id, kind, name, workspace, pid, started, connected_at, seen_at, daemon)
VALUES (:id, :kind, :name, :workspace, :pid, :started, :connected_at, :seen_at, :daemon)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, workspace = excluded.workspace, pid = excluded.pid,
    started = excluded.started, seen_at = excluded.seen_at, daemon = excluded.daemon;

-- name: delete
DELETE FROM session WHERE id = :id;

-- name: all
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at FROM session ORDER BY connected_at, id;

-- name: own
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at
FROM session WHERE daemon = :daemon ORDER BY connected_at, id;

-- name: by_id
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at FROM session WHERE id = :id;
