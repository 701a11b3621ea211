-- Tasks, who waits for whom, and the steps a task may take.

CREATE TABLE task (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('pending', 'ready', 'running', 'parked', 'review', 'done', 'failed',
        'cancelled', 'pruned')),
    workspace TEXT COLLATE "C" NOT NULL,
    prompt TEXT NOT NULL,
    title TEXT NOT NULL,
    paths TEXT NOT NULL,
    priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 4),
    model TEXT NOT NULL,
    check_command TEXT NOT NULL,
    isolate TEXT NOT NULL CHECK (isolate IN ('worktree', 'shared')),
    max_usd DOUBLE PRECISION NOT NULL CHECK (max_usd > 0),
    max_turns BIGINT NOT NULL CHECK (max_turns > 0),
    timeout_s DOUBLE PRECISION NOT NULL CHECK (timeout_s > 0),
    attempts BIGINT NOT NULL CHECK (attempts > 0),
    key TEXT COLLATE "C" NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    attempt BIGINT NOT NULL CHECK (attempt BETWEEN 0 AND attempts),
    session_id TEXT COLLATE "C" NOT NULL,
    engaged BIGINT NOT NULL CHECK (engaged IN (0, 1)),
    pid BIGINT NOT NULL,
    pid_started DOUBLE PRECISION NOT NULL,
    branch TEXT NOT NULL,
    worktree TEXT NOT NULL,
    base TEXT NOT NULL,
    tip TEXT NOT NULL,
    cost_usd DOUBLE PRECISION NOT NULL CHECK (cost_usd >= 0),
    turns BIGINT NOT NULL CHECK (turns >= 0),
    result TEXT,
    error TEXT NOT NULL,
    started_at DOUBLE PRECISION,
    heartbeat_at DOUBLE PRECISION,
    next_attempt_at DOUBLE PRECISION NOT NULL,
    finished_at DOUBLE PRECISION,
    CHECK (state <> 'running' OR (engaged = 1 AND session_id <> '')),
    CHECK (pid = 0 OR engaged = 1),
    CHECK (state NOT IN ('review', 'done') OR result IS NOT NULL)
);
CREATE INDEX task_queue ON task (priority, place) WHERE state = 'ready';
CREATE INDEX task_due ON task (next_attempt_at) WHERE state = 'ready';
CREATE INDEX task_engaged ON task (place) WHERE engaged = 1;
CREATE INDEX task_state ON task (state);
-- asking twice with one key is asking once
CREATE UNIQUE INDEX task_key_once ON task (workspace, key) WHERE key <> '';
CREATE UNIQUE INDEX task_session ON task (session_id) WHERE session_id <> '';

CREATE TABLE task_after (
    task_id TEXT COLLATE "C" NOT NULL REFERENCES task (id),
    after_id TEXT COLLATE "C" NOT NULL REFERENCES task (id),
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

-- The functions name the schema, so that they also hold for whoever comes with another search_path.
CREATE FUNCTION task_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

CREATE FUNCTION task_is_blocked(task TEXT) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM lsp_orch.task_after JOIN lsp_orch.task AS other ON other.id = task_after.after_id
        WHERE task_after.task_id = $1 AND other.state <> 'done')
$$;

CREATE FUNCTION task_knows_step(was TEXT, now TEXT) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM lsp_orch.task_step WHERE task_step.was = $1 AND task_step.now = $2)
$$;

CREATE TRIGGER task_begins_pending BEFORE INSERT ON task
FOR EACH ROW WHEN (NEW.state <> 'pending')
EXECUTE FUNCTION task_refuses('task-state: a task begins as pending');

CREATE TRIGGER task_takes_known_steps BEFORE UPDATE OF state ON task
FOR EACH ROW WHEN (NEW.state <> OLD.state AND NOT task_knows_step(OLD.state, NEW.state))
EXECUTE FUNCTION task_refuses('task-state: there is no such step');

CREATE TRIGGER task_waits_for_others BEFORE UPDATE OF state ON task
FOR EACH ROW WHEN (NEW.state IN ('ready', 'running') AND NEW.state <> OLD.state AND task_is_blocked(NEW.id))
EXECUTE FUNCTION task_refuses('task-blocked: what it waits for is not done');

CREATE TRIGGER task_has_one_worker BEFORE UPDATE OF session_id ON task
FOR EACH ROW WHEN (OLD.engaged = 1 AND NEW.session_id <> OLD.session_id)
EXECUTE FUNCTION task_refuses('task-state: another worker has it');

-- Walking up costs as much as the chain is long; a task that nobody waits for yet closes no cycle.
CREATE FUNCTION task_after_checks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM lsp_orch.task WHERE id = NEW.task_id) <> 'pending' THEN
        RAISE EXCEPTION 'task-state: only a pending task can be made to wait'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.task_id <> NEW.after_id
        AND NOT EXISTS (SELECT 1 FROM lsp_orch.task_after WHERE after_id = NEW.task_id) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        WITH RECURSIVE above (id) AS (
            SELECT NEW.after_id
            UNION
            SELECT task_after.after_id FROM lsp_orch.task_after JOIN above ON task_after.task_id = above.id
        )
        SELECT 1 FROM above WHERE id = NEW.task_id
    ) THEN
        RAISE EXCEPTION 'task-cycle: it would wait for itself' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER task_after_checks BEFORE INSERT ON task_after
FOR EACH ROW EXECUTE FUNCTION task_after_checks();
