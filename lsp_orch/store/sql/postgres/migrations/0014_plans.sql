-- Plans, what their tasks are in them, and what these share.

CREATE TABLE plan (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('planning', 'proposed', 'applied', 'rejected', 'failed')),
    workspace TEXT COLLATE "C" NOT NULL,
    goal TEXT NOT NULL CHECK (goal <> ''),
    pipeline TEXT NOT NULL,
    base TEXT NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL CHECK (session_id <> ''),
    made_at DOUBLE PRECISION NOT NULL,
    pid BIGINT NOT NULL,
    pid_started DOUBLE PRECISION NOT NULL,
    cost_usd DOUBLE PRECISION NOT NULL CHECK (cost_usd >= 0),
    error TEXT NOT NULL,
    ended_at DOUBLE PRECISION,
    decided_at DOUBLE PRECISION,
    drawn TEXT NOT NULL,
    daemon TEXT COLLATE "C" NOT NULL,
    CHECK ((state IN ('proposed', 'applied', 'rejected')) = (drawn <> '')),
    CHECK ((state = 'failed') = (error <> '')),
    CHECK (state = 'planning' OR pid = 0),
    CHECK ((state = 'planning') = (ended_at IS NULL))
);
CREATE INDEX plan_state ON plan (state);

-- The table STEPS of domain/planning.py once more; a test compares the two.
CREATE TABLE plan_step (
    was TEXT NOT NULL,
    now TEXT NOT NULL,
    PRIMARY KEY (was, now)
);
INSERT INTO plan_step (was, now) VALUES
    ('planning', 'proposed'),
    ('planning', 'failed'),
    ('proposed', 'applied'),
    ('proposed', 'rejected');

CREATE TABLE plan_task (
    task_id TEXT COLLATE "C" PRIMARY KEY REFERENCES task (id),
    plan_id TEXT COLLATE "C" NOT NULL REFERENCES plan (id),
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    role TEXT NOT NULL,
    tools TEXT NOT NULL,
    UNIQUE (plan_id, name)
);

CREATE TABLE shared_context (
    plan_id TEXT COLLATE "C" PRIMARY KEY REFERENCES plan (id),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    body TEXT NOT NULL
);

CREATE FUNCTION plan_knows_step(was TEXT, now TEXT) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM lsp_orch.plan_step WHERE plan_step.was = $1 AND plan_step.now = $2)
$$;

CREATE FUNCTION plan_is_applied(plan TEXT) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM lsp_orch.plan WHERE plan.id = $1 AND plan.state = 'applied')
$$;

CREATE TRIGGER plan_begins_planning BEFORE INSERT ON plan
FOR EACH ROW WHEN (NEW.state <> 'planning')
EXECUTE FUNCTION task_refuses('plan-state: a plan begins with planning');

CREATE TRIGGER plan_takes_known_steps BEFORE UPDATE OF state ON plan
FOR EACH ROW WHEN (NEW.state <> OLD.state AND NOT plan_knows_step(OLD.state, NEW.state))
EXECUTE FUNCTION task_refuses('plan-state: there is no such step');

CREATE TRIGGER plan_stays_as_it_was_shown BEFORE UPDATE ON plan
FOR EACH ROW WHEN (NEW.goal <> OLD.goal OR NEW.base <> OLD.base OR (OLD.drawn <> '' AND NEW.drawn <> OLD.drawn))
EXECUTE FUNCTION task_refuses('plan-state: what was shown does not change');

CREATE TRIGGER plan_task_needs_a_yes BEFORE INSERT ON plan_task
FOR EACH ROW WHEN (NOT plan_is_applied(NEW.plan_id))
EXECUTE FUNCTION task_refuses('plan-state: nothing is filed before the plan is accepted');

CREATE TRIGGER plan_task_stays BEFORE UPDATE ON plan_task
FOR EACH ROW EXECUTE FUNCTION task_refuses('plan-state: a task stays what it is in its plan');

CREATE TRIGGER shared_context_stays BEFORE UPDATE OR DELETE ON shared_context
FOR EACH ROW EXECUTE FUNCTION task_refuses('plan-state: what tasks share never changes');
