-- name: candidates
SELECT id, state, priority, workspace, tip,
    created_at, started_at, heartbeat_at, next_attempt_at, finished_at,
    COALESCE((SELECT newer.id FROM task AS newer
        WHERE newer.workspace = task.workspace AND newer.key = task.key AND newer.key <> ''
            AND newer.place > task.place AND newer.state <> 'pruned'
        ORDER BY newer.place DESC LIMIT 1), '') AS superseded_by,
    CASE WHEN EXISTS (SELECT 1 FROM task_after CROSS JOIN task AS next
        WHERE task_after.after_id = task.id AND next.id = task_after.task_id AND next.state = 'pending')
        THEN 1 ELSE 0 END AS awaited
FROM task
WHERE :id IN ('', id) AND daemon = :daemon AND engaged = 0
    AND state IN ('pending', 'ready', 'review', 'failed', 'cancelled')
ORDER BY place;
