-- CROSS JOIN is how SQLite is told the order: it would rather read every pending task than few of task_after.

-- name: released
SELECT task.id FROM task_after CROSS JOIN task
WHERE task_after.after_id = :id AND task.id = task_after.task_id AND task.state = 'pending' AND NOT EXISTS (
    SELECT 1 FROM task_after AS rest CROSS JOIN task AS other
    WHERE rest.task_id = task.id AND other.id = rest.after_id AND other.state <> 'done')
ORDER BY task.place;

-- The chain is walked only when somewhere a task waits for a dead one.
-- name: stuck
WITH RECURSIVE waiting (id) AS (
    SELECT id FROM task WHERE id = :id AND state = 'pending' AND EXISTS (
        SELECT 1 FROM task AS dead CROSS JOIN task_after CROSS JOIN task AS next
        WHERE dead.state IN ('failed', 'cancelled', 'pruned') AND task_after.after_id = dead.id
            AND next.id = task_after.task_id AND next.state = 'pending')
    UNION
    SELECT task_after.after_id FROM waiting CROSS JOIN task_after CROSS JOIN task AS other
    WHERE task_after.task_id = waiting.id AND other.id = task_after.after_id AND other.state = 'pending'
)
SELECT 1 FROM waiting CROSS JOIN task_after CROSS JOIN task AS other
WHERE task_after.task_id = waiting.id AND other.id = task_after.after_id
    AND other.state IN ('failed', 'cancelled', 'pruned')
LIMIT 1;

-- name: above
WITH RECURSIVE above (task_id, after_id) AS (
    SELECT task_id, after_id FROM task_after WHERE task_id = :id
    UNION
    SELECT task_after.task_id, task_after.after_id FROM above CROSS JOIN task_after
    WHERE task_after.task_id = above.after_id
)
SELECT task_id, after_id FROM above;
