-- name: insert
INSERT INTO task_conflict (run, task_id, base, tip, onto, kept_ref, at, paths, others)
VALUES (:run, :task_id, :base, :tip, :onto, :kept_ref, :at, :paths, :others);

-- name: of_task
SELECT run, task_id, base, tip, onto, kept_ref, at, paths, others FROM task_conflict
WHERE task_id = :task_id ORDER BY run;

-- Those whose tasks have come to no work since: of one task or all, in one workspace or everywhere.
-- name: unsettled
SELECT last.run, last.task_id, last.base, last.tip, last.onto, last.kept_ref, last.at, last.paths, last.others
FROM task_conflict AS last JOIN task ON task.id = last.task_id
WHERE :task_id IN ('', last.task_id) AND :workspace IN ('', task.workspace)
    AND task.state IN ('pending', 'ready', 'running', 'parked', 'failed')
    AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.task_id = last.task_id AND attempt.id > last.run
        AND attempt.ending = 'done')
ORDER BY task.place;
