-- name: insert
INSERT INTO late_result (run, task_id, status, summary, kept_ref, at)
VALUES (:run, :task_id, :status, :summary, :kept_ref, :at) ON CONFLICT DO NOTHING;

-- name: of_task
SELECT run, task_id, status, summary, kept_ref, at FROM late_result WHERE task_id = :task_id ORDER BY run;
