-- name: upsert
INSERT INTO session (id, kind, name, workspace, pid, started, connected_at, seen_at)
VALUES (:id, :kind, :name, :workspace, :pid, :started, :connected_at, :seen_at)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, workspace = excluded.workspace, pid = excluded.pid,
    started = excluded.started, seen_at = excluded.seen_at;

-- name: delete
DELETE FROM session WHERE id = :id;

-- name: all
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at FROM session ORDER BY connected_at, id;

-- name: by_id
SELECT id, kind, name, workspace, pid, started, connected_at, seen_at FROM session WHERE id = :id;
