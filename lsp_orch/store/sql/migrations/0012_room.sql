-- Each run of a task has a number of its own, and a row that stays when the next one begins.

ALTER TABLE task ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN rank REAL NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN on_dead TEXT NOT NULL DEFAULT 'block' CHECK (on_dead IN ('block', 'cascade'));
ALTER TABLE task ADD COLUMN hold_until REAL;
ALTER TABLE task ADD COLUMN hold_why TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN chosen_model TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN plan_id TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN merged TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN pruned_why TEXT NOT NULL DEFAULT '';

CREATE TABLE attempt (
    -- the fence: AUTOINCREMENT never gives a number twice
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL REFERENCES task (id),
    number INTEGER NOT NULL CHECK (number > 0),
    session_id TEXT NOT NULL CHECK (session_id <> ''),
    model TEXT NOT NULL,
    why_model TEXT NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    ending TEXT NOT NULL CHECK (ending IN ('', 'done', 'gave-up', 'no-result', 'died', 'silent', 'timed-out',
        'over-budget', 'over-turns', 'refused-by-model', 'provider', 'put-off', 'ours', 'cancelled')),
    cost_usd REAL NOT NULL CHECK (cost_usd >= 0),
    turns INTEGER NOT NULL CHECK (turns >= 0),
    error TEXT NOT NULL,
    tip TEXT NOT NULL,
    kept_ref TEXT NOT NULL,
    parked_at REAL,
    parked_s REAL NOT NULL CHECK (parked_s >= 0),
    CHECK ((ended_at IS NULL) = (ending = '')),
    CHECK (parked_at IS NULL OR ended_at IS NULL)
);
CREATE INDEX attempt_task ON attempt (task_id);
CREATE UNIQUE INDEX attempt_open ON attempt (task_id) WHERE ended_at IS NULL;

-- What is under way goes on under a number; of what has ended nothing more is known than the task says.
INSERT INTO attempt (task_id, number, session_id, model, why_model, started_at, ending, cost_usd, turns, error,
    tip, kept_ref, parked_at, parked_s)
SELECT id, CASE WHEN attempt > 0 THEN attempt ELSE 1 END, session_id, model, '', COALESCE(started_at, created_at),
    '', cost_usd, turns, '', '', '', CASE WHEN state = 'parked' THEN COALESCE(heartbeat_at, created_at) END, 0
FROM task WHERE session_id <> '' AND (engaged = 1 OR state = 'parked') ORDER BY place;

DROP TRIGGER IF EXISTS task_has_one_worker;
UPDATE task SET run = (SELECT attempt.id FROM attempt WHERE attempt.task_id = task.id)
WHERE id IN (SELECT task_id FROM attempt);
-- as the default of tasks.ageing_s has it
UPDATE task SET rank = created_at + priority * 3600 WHERE state <> 'pending';

DROP INDEX task_queue;
DROP INDEX task_due;
DROP INDEX task_session;
CREATE INDEX task_ready ON task (daemon, rank, place) WHERE state = 'ready' AND engaged = 0;
CREATE INDEX task_due ON task (daemon, next_attempt_at) WHERE state = 'ready' AND engaged = 0;
-- sessions may be gone on with: several runs share one
CREATE INDEX task_session ON task (session_id);
CREATE UNIQUE INDEX task_run ON task (run) WHERE run > 0;

INSERT INTO task_step (was, now) VALUES
    ('pending', 'pruned'),
    ('ready', 'pruned'),
    ('review', 'pruned'),
    ('failed', 'pruned'),
    ('cancelled', 'pruned'),
    ('pruned', 'pending'),
    ('review', 'ready'),
    ('parked', 'ready');

CREATE TRIGGER task_has_one_run BEFORE UPDATE OF run ON task
WHEN NEW.run <> OLD.run AND (OLD.engaged = 1 OR NEW.run < OLD.run)
BEGIN
    SELECT RAISE(ABORT, 'task-state: another worker has it');
END;

CREATE TRIGGER task_runs_as_an_attempt BEFORE UPDATE OF state, run ON task
WHEN NEW.state IN ('running', 'parked') AND NOT EXISTS (
    SELECT 1 FROM attempt WHERE id = NEW.run AND task_id = NEW.id AND session_id = NEW.session_id
        AND ended_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'task-state: a run begins with an attempt');
END;

CREATE TRIGGER task_leaves_no_attempt_open BEFORE UPDATE OF state, engaged ON task
WHEN NEW.engaged = 0 AND NEW.state <> 'parked'
    AND EXISTS (SELECT 1 FROM attempt WHERE task_id = NEW.id AND ended_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'task-state: its attempt has not been closed');
END;

CREATE TRIGGER task_is_pruned_for_a_reason BEFORE UPDATE ON task
WHEN NEW.state = 'pruned' AND (NEW.engaged = 1 OR NEW.pruned_why = '')
BEGIN
    SELECT RAISE(ABORT, 'task-state: a pruned task has a reason and nothing alive');
END;

CREATE TRIGGER task_attempt_ends_once BEFORE UPDATE ON attempt
WHEN OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NULL OR NEW.ending <> OLD.ending OR NEW.task_id <> OLD.task_id)
BEGIN
    SELECT RAISE(ABORT, 'task-state: an attempt ends once');
END;
