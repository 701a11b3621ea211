-- name: spent
SELECT usd FROM spending WHERE daemon = :daemon AND day = :day;

-- name: spent_since
SELECT day, usd FROM spending WHERE daemon = :daemon AND day >= :since ORDER BY day;

-- What is open may still cost all that it was allowed to, also while it is parked. The order of a cross join keeps
-- SQLite from looking at all tasks.
-- name: reserved
SELECT COALESCE(SUM(task.max_usd), 0) FROM attempt CROSS JOIN task
WHERE attempt.ended_at IS NULL AND task.id = attempt.task_id AND task.daemon = :daemon;

-- name: planners
SELECT COUNT(*) FROM plan WHERE state = 'planning' AND daemon = :daemon;

-- All tasks that wait for each other, in any direction: what has ended, and what is open.
-- name: chain
WITH RECURSIVE chain (id) AS (
    SELECT id FROM task WHERE id = :id
    UNION
    SELECT CASE WHEN task_after.task_id = chain.id THEN task_after.after_id ELSE task_after.task_id END
    FROM chain JOIN task_after ON task_after.task_id = chain.id OR task_after.after_id = chain.id
)
SELECT COALESCE(SUM(task.cost_usd - COALESCE(attempt.cost_usd, 0)), 0),
    COALESCE(SUM(CASE WHEN attempt.id IS NULL THEN 0 ELSE task.max_usd END), 0)
FROM chain JOIN task ON task.id = chain.id
LEFT JOIN attempt ON attempt.task_id = task.id AND attempt.ended_at IS NULL;

-- name: tell
INSERT INTO notice (cap, about, words, told_at, until, daemon)
VALUES (:cap, :about, :words, :told_at, :until, :daemon) ON CONFLICT DO NOTHING;

-- name: notices
SELECT cap, about, words, told_at, until FROM notice WHERE daemon = :daemon AND told_at >= :since ORDER BY place;
