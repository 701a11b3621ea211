-- name: insert
INSERT INTO task (id, state, workspace, prompt, title, paths, priority, model, check_command, isolate, max_usd,
    max_turns, timeout_s, attempts, key, created_at, attempt, session_id, engaged, pid, pid_started, branch,
    worktree, base, tip, cost_usd, turns, result, error, started_at, heartbeat_at, next_attempt_at, finished_at,
    daemon, ticket, waits_for, ran_s, paid_usd, run, rank, on_dead, hold_until, hold_why, chosen_model, plan_id,
    merged, pruned_why)
VALUES (:id, :state, :workspace, :prompt, :title, :paths, :priority, :model, :check_command, :isolate, :max_usd,
    :max_turns, :timeout_s, :attempts, :key, :created_at, :attempt, :session_id, :engaged, :pid, :pid_started,
    :branch, :worktree, :base, :tip, :cost_usd, :turns, :result, :error, :started_at, :heartbeat_at,
    :next_attempt_at, :finished_at, :daemon, :ticket, :waits_for, :ran_s, :paid_usd, :run, :rank, :on_dead,
    :hold_until, :hold_why, :chosen_model, :plan_id, :merged, :pruned_why);

-- Only the one who knows where the task stands, and which run it is in, may change it. Lanes keep `hold_why`.
-- name: update
UPDATE task SET state = :state, attempts = :attempts, attempt = :attempt, engaged = :engaged, pid = :pid,
    pid_started = :pid_started, branch = :branch, worktree = :worktree, base = :base, tip = :tip,
    cost_usd = :cost_usd, turns = :turns, result = :result, error = :error, heartbeat_at = :heartbeat_at,
    next_attempt_at = :next_attempt_at, finished_at = :finished_at, ticket = :ticket, waits_for = :waits_for,
    ran_s = :ran_s, paid_usd = :paid_usd, rank = :rank, on_dead = :on_dead, hold_until = :hold_until,
    hold_why = CASE WHEN :state = 'ready' THEN hold_why ELSE '' END, chosen_model = :chosen_model, plan_id = :plan_id, merged = :merged,
    pruned_why = :pruned_why
WHERE id = :id AND state = :was_state AND run = :run;

-- Who may start now and is in no lane, in the order of the queue; from behind the task `after` on.
-- name: candidates
SELECT id FROM task
WHERE state = 'ready' AND engaged = 0 AND hold_why = '' AND daemon = :daemon AND next_attempt_at <= :now
    AND (rank, place) > (:rank, COALESCE((SELECT place FROM task WHERE id = :after), 0))
ORDER BY rank, place LIMIT :most;

-- One statement decides who gets it.
-- name: claim
UPDATE task SET state = 'running', attempt = attempt + 1, run = :run, session_id = :session_id,
    chosen_model = :model, engaged = 1, hold_why = '', started_at = :now, heartbeat_at = :now, finished_at = NULL
WHERE id = :id AND state = 'ready' AND engaged = 0 AND daemon = :daemon AND next_attempt_at <= :now;

-- The next that waits no more, whether its ticket was granted or is gone; without a ticket it waits for others.
-- name: resumable
SELECT id FROM task
WHERE state = 'parked' AND daemon = :daemon AND ticket <> ''
    AND NOT EXISTS (SELECT 1 FROM waiter WHERE waiter.id = task.ticket)
    AND (priority, place) > (:priority, COALESCE((SELECT place FROM task WHERE id = :after), 0))
ORDER BY priority, place LIMIT 1;

-- name: resume
UPDATE task SET state = 'running', engaged = 1, heartbeat_at = :now WHERE id = :id AND state = 'parked';

-- name: parked
SELECT id FROM task WHERE state = 'parked' AND daemon = :daemon AND ticket <> '' ORDER BY place;

-- name: heartbeat
UPDATE task SET heartbeat_at = :now WHERE id = :id AND run = :run AND state = 'running';

-- name: by_id
SELECT id, state, workspace, prompt, title, priority, model, isolate, max_usd, max_turns, timeout_s, attempts,
    key, created_at, attempt, session_id, engaged, pid, pid_started, branch, worktree, base, tip, cost_usd, turns,
    error, ticket, waits_for, ran_s, paid_usd, started_at, heartbeat_at, next_attempt_at, finished_at,
    run, rank, on_dead, hold_until, hold_why, chosen_model, plan_id, merged, pruned_why,
    paths, check_command, result
FROM task WHERE id = :id;

-- name: states
SELECT id, state FROM task ORDER BY place;

-- Columns as in by_id.
-- name: listed
SELECT id, state, workspace, prompt, title, priority, model, isolate, max_usd, max_turns, timeout_s, attempts,
    key, created_at, attempt, session_id, engaged, pid, pid_started, branch, worktree, base, tip, cost_usd, turns,
    error, ticket, waits_for, ran_s, paid_usd, started_at, heartbeat_at, next_attempt_at, finished_at,
    run, rank, on_dead, hold_until, hold_why, chosen_model, plan_id, merged, pruned_why,
    paths, check_command, result
FROM task WHERE :workspace IN ('', workspace) AND (:states = '' OR :states LIKE '%,' || state || ',%')
ORDER BY place;

-- Their dependencies, in the order of `dependencies`.
-- name: listed_after
SELECT task_after.task_id, task_after.after_id FROM task CROSS JOIN task_after CROSS JOIN task AS other
WHERE :workspace IN ('', task.workspace) AND (:states = '' OR :states LIKE '%,' || task.state || ',%')
    AND task_after.task_id = task.id AND other.id = task_after.after_id
ORDER BY other.place;

-- name: state
SELECT state FROM task WHERE id = :id;

-- name: engaged
SELECT id FROM task WHERE engaged = 1 AND daemon = :daemon ORDER BY place;

-- name: due
SELECT MIN(next_attempt_at) FROM task
WHERE state = 'ready' AND engaged = 0 AND daemon = :daemon AND next_attempt_at > :now;

-- name: counts
SELECT state, COUNT(*) FROM task GROUP BY state;

-- name: insert_after
INSERT INTO task_after (task_id, after_id) VALUES (:task_id, :after_id) ON CONFLICT DO NOTHING;

-- name: dependencies
SELECT task_after.after_id, task.state FROM task_after JOIN task ON task.id = task_after.after_id
WHERE task_after.task_id = :id ORDER BY task.place;

-- name: dependents
SELECT task.id FROM task_after CROSS JOIN task
WHERE task_after.after_id = :id AND task.id = task_after.task_id AND task.state = 'pending' ORDER BY task.place;
