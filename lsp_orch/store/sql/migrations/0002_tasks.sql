-- Tasks, who waits for whom, and the steps a task may take.

CREATE TABLE task (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('pending', 'ready', 'running', 'parked', 'review', 'done', 'failed',
        'cancelled', 'pruned')),
    workspace TEXT NOT NULL,
    prompt TEXT NOT NULL,
    title TEXT NOT NULL,
    paths TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
    model TEXT NOT NULL,
    check_command TEXT NOT NULL,
    isolate TEXT NOT NULL CHECK (isolate IN ('worktree', 'shared')),
    max_usd REAL NOT NULL CHECK (max_usd > 0),
    max_turns INTEGER NOT NULL CHECK (max_turns > 0),
    timeout_s REAL NOT NULL CHECK (timeout_s > 0),
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    key TEXT NOT NULL,
    created_at REAL NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt BETWEEN 0 AND attempts),
    session_id TEXT NOT NULL,
    engaged INTEGER NOT NULL CHECK (engaged IN (0, 1)),
    pid INTEGER NOT NULL,
    pid_started REAL NOT NULL,
    branch TEXT NOT NULL,
    worktree TEXT NOT NULL,
    base TEXT NOT NULL,
    tip TEXT NOT NULL,
    cost_usd REAL NOT NULL CHECK (cost_usd >= 0),
    turns INTEGER NOT NULL CHECK (turns >= 0),
    result TEXT,
    error TEXT NOT NULL,
    started_at REAL,
    heartbeat_at REAL,
    next_attempt_at REAL NOT NULL,
    finished_at REAL,
    CHECK (state <> 'running' OR (engaged = 1 AND session_id <> '')),
    CHECK (pid = 0 OR engaged = 1),
    CHECK (state NOT IN ('review', 'done') OR result IS NOT NULL)
);
CREATE INDEX task_queue ON task (priority, place) WHERE state = 'ready';
CREATE INDEX task_due ON task (next_attempt_at) WHERE state = 'ready';
CREATE INDEX task_engaged ON task (place) WHERE engaged = 1;
CREATE INDEX task_state ON task (state);
-- asking twice with one key is asking once
CREATE UNIQUE INDEX task_key ON task (workspace, key) WHERE key <> '';
CREATE UNIQUE INDEX task_session ON task (session_id) WHERE session_id <> '';

CREATE TABLE task_after (
    task_id TEXT NOT NULL REFERENCES task (id),
    after_id TEXT NOT NULL REFERENCES task (id),
    PRIMARY KEY (task_id, after_id)
);
CREATE INDEX task_after_dependents ON task_after (after_id);

-- The table STEPS of domain/task.py once more, so that no statement can go round it; a test compares the two.
CREATE TABLE task_step (
    was TEXT NOT NULL,
    now TEXT NOT NULL,
    PRIMARY KEY (was, now)
);
INSERT INTO task_step (was, now) VALUES
    ('pending', 'ready'),
    ('pending', 'cancelled'),
    ('ready', 'running'),
    ('ready', 'cancelled'),
    ('running', 'review'),
    ('running', 'ready'),
    ('running', 'failed'),
    ('running', 'cancelled'),
    ('review', 'done'),
    ('review', 'failed'),
    ('review', 'cancelled'),
    ('failed', 'pending'),
    ('cancelled', 'pending');

CREATE TRIGGER task_begins_pending BEFORE INSERT ON task
WHEN NEW.state <> 'pending'
BEGIN
    SELECT RAISE(ABORT, 'task-state: a task begins as pending');
END;

CREATE TRIGGER task_takes_known_steps BEFORE UPDATE OF state ON task
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM task_step WHERE was = OLD.state AND now = NEW.state)
BEGIN
    SELECT RAISE(ABORT, 'task-state: there is no such step');
END;

CREATE TRIGGER task_waits_for_others BEFORE UPDATE OF state ON task
WHEN NEW.state IN ('ready', 'running') AND NEW.state <> OLD.state AND EXISTS (
    SELECT 1 FROM task_after JOIN task AS other ON other.id = task_after.after_id
    WHERE task_after.task_id = NEW.id AND other.state <> 'done')
BEGIN
    SELECT RAISE(ABORT, 'task-blocked: what it waits for is not done');
END;

CREATE TRIGGER task_has_one_worker BEFORE UPDATE OF session_id ON task
WHEN OLD.engaged = 1 AND NEW.session_id <> OLD.session_id
BEGIN
    SELECT RAISE(ABORT, 'task-state: another worker has it');
END;

CREATE TRIGGER task_after_before_start BEFORE INSERT ON task_after
WHEN (SELECT state FROM task WHERE id = NEW.task_id) <> 'pending'
BEGIN
    SELECT RAISE(ABORT, 'task-state: only a pending task can be made to wait');
END;

-- Walking up costs as much as the chain is long; a task that nobody waits for yet closes no cycle.
CREATE TRIGGER task_after_has_no_cycle BEFORE INSERT ON task_after
WHEN NEW.task_id = NEW.after_id OR EXISTS (SELECT 1 FROM task_after WHERE after_id = NEW.task_id)
BEGIN
    SELECT RAISE(ABORT, 'task-cycle: it would wait for itself')
    WHERE EXISTS (
        WITH RECURSIVE above (id) AS (
            SELECT NEW.after_id
            UNION
            SELECT task_after.after_id FROM task_after JOIN above ON task_after.task_id = above.id
        )
        SELECT 1 FROM above WHERE id = NEW.task_id
    );
END;
