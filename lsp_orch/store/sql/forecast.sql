-- name: keep
INSERT INTO forecast (task_id, other, paths, at) VALUES (:task_id, :other, :paths, :at)
ON CONFLICT (task_id, other) DO UPDATE SET paths = excluded.paths, at = excluded.at;

-- name: forget
DELETE FROM forecast WHERE task_id = :task_id OR other = :task_id;

-- name: of_task
SELECT task_id, other, paths, at FROM forecast WHERE :task_id IN (task_id, other) ORDER BY other, task_id;
