-- name: keep
INSERT INTO task_check (run, stage, command, said, seconds, at)
VALUES (:run, :stage, :command, :said, :seconds, :at)
ON CONFLICT (run, stage) DO UPDATE SET command = excluded.command, said = excluded.said,
    seconds = excluded.seconds, at = excluded.at;

-- name: of_run
SELECT run, stage, command, said, seconds, at FROM task_check WHERE run = :run ORDER BY at, stage DESC;
