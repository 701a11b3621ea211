-- name: insert
INSERT INTO plan (id, state, workspace, goal, pipeline, base, session_id, made_at, pid, pid_started, cost_usd, error,
    ended_at, decided_at, drawn, daemon)
VALUES (:id, :state, :workspace, :goal, :pipeline, :base, :session_id, :made_at, :pid, :pid_started, :cost_usd,
    :error, :ended_at, :decided_at, :drawn, :daemon);

-- Only the one who knows where the plan stands may change it.
-- name: update
UPDATE plan SET state = :state, pid = :pid, pid_started = :pid_started, cost_usd = :cost_usd, error = :error,
    ended_at = :ended_at, decided_at = :decided_at, drawn = :drawn
WHERE id = :id AND state = :was_state;

-- name: by_id
SELECT id, state, workspace, goal, pipeline, base, session_id, made_at, pid, pid_started, cost_usd, error,
    ended_at, decided_at, drawn
FROM plan WHERE id = :id;

-- name: in_workspace
SELECT id FROM plan WHERE :workspace IN ('', workspace) ORDER BY place;

-- name: planning
SELECT id FROM plan WHERE state = 'planning' AND daemon = :daemon ORDER BY place;

-- name: insert_task
INSERT INTO plan_task (task_id, plan_id, name, stage, role, tools)
VALUES (:task_id, :plan_id, :name, :stage, :role, :tools);

-- name: of_task
SELECT task_id, plan_id, name, stage, role, tools FROM plan_task WHERE task_id = :task_id;

-- name: tasks
SELECT plan_task.task_id, plan_task.plan_id, plan_task.name, plan_task.stage, plan_task.role, plan_task.tools
FROM plan_task JOIN task ON task.id = plan_task.task_id WHERE plan_task.plan_id = :plan_id ORDER BY task.place;

-- name: insert_context
INSERT INTO shared_context (plan_id, digest, body) VALUES (:plan_id, :digest, :body);

-- name: context
SELECT plan_id, digest, body FROM shared_context WHERE plan_id = :plan_id;
