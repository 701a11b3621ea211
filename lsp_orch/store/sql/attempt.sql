-- name: insert
INSERT INTO attempt (task_id, number, session_id, model, why_model, started_at, ended_at, ending, cost_usd, turns,
    error, tip, kept_ref, parked_at, parked_s)
VALUES (:task_id, :number, :session_id, :model, :why_model, :started_at, :ended_at, :ending, :cost_usd, :turns,
    :error, :tip, :kept_ref, :parked_at, :parked_s)
RETURNING id;

-- name: update
UPDATE attempt SET ended_at = :ended_at, ending = :ending, cost_usd = :cost_usd, turns = :turns, error = :error,
    tip = :tip, kept_ref = :kept_ref, parked_at = :parked_at, parked_s = :parked_s
WHERE id = :id AND ended_at IS NULL;

-- name: by_id
SELECT id, task_id, number, session_id, model, why_model, started_at, ended_at, ending, cost_usd, turns, error,
    tip, kept_ref, parked_at, parked_s
FROM attempt WHERE id = :id;

-- name: of_task
SELECT id, task_id, number, session_id, model, why_model, started_at, ended_at, ending, cost_usd, turns, error,
    tip, kept_ref, parked_at, parked_s
FROM attempt WHERE task_id = :task_id ORDER BY id;

-- name: in_workspace
SELECT attempt.id, attempt.task_id, attempt.number, attempt.session_id, attempt.model, attempt.why_model,
    attempt.started_at, attempt.ended_at, attempt.ending, attempt.cost_usd, attempt.turns, attempt.error,
    attempt.tip, attempt.kept_ref, attempt.parked_at, attempt.parked_s
FROM attempt JOIN task ON task.id = attempt.task_id WHERE :workspace IN ('', task.workspace) ORDER BY attempt.id;

-- name: done_lately
SELECT model, cost_usd, ended_at - started_at - parked_s FROM attempt
WHERE ending = 'done' ORDER BY id DESC LIMIT :most;
