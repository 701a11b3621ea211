-- Plans, what their tasks are in them, and what these share.

CREATE TABLE plan (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('planning', 'proposed', 'applied', 'rejected', 'failed')),
    workspace TEXT NOT NULL,
    goal TEXT NOT NULL CHECK (goal <> ''),
    pipeline TEXT NOT NULL,
    base TEXT NOT NULL,
    session_id TEXT NOT NULL CHECK (session_id <> ''),
    made_at REAL NOT NULL,
    pid INTEGER NOT NULL,
    pid_started REAL NOT NULL,
    cost_usd REAL NOT NULL CHECK (cost_usd >= 0),
    error TEXT NOT NULL,
    ended_at REAL,
    decided_at REAL,
    drawn TEXT NOT NULL,
    daemon TEXT NOT NULL,
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
    task_id TEXT PRIMARY KEY REFERENCES task (id),
    plan_id TEXT NOT NULL REFERENCES plan (id),
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    role TEXT NOT NULL,
    tools TEXT NOT NULL,
    UNIQUE (plan_id, name)
);

CREATE TABLE shared_context (
    plan_id TEXT PRIMARY KEY REFERENCES plan (id),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    body TEXT NOT NULL
);

CREATE TRIGGER plan_begins_planning BEFORE INSERT ON plan
WHEN NEW.state <> 'planning'
BEGIN
    SELECT RAISE(ABORT, 'plan-state: a plan begins with planning');
END;

CREATE TRIGGER plan_takes_known_steps BEFORE UPDATE OF state ON plan
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM plan_step WHERE was = OLD.state AND now = NEW.state)
BEGIN
    SELECT RAISE(ABORT, 'plan-state: there is no such step');
END;

CREATE TRIGGER plan_stays_as_it_was_shown BEFORE UPDATE ON plan
WHEN NEW.goal <> OLD.goal OR NEW.base <> OLD.base OR (OLD.drawn <> '' AND NEW.drawn <> OLD.drawn)
BEGIN
    SELECT RAISE(ABORT, 'plan-state: what was shown does not change');
END;

CREATE TRIGGER plan_task_needs_a_yes BEFORE INSERT ON plan_task
WHEN (SELECT state FROM plan WHERE id = NEW.plan_id) <> 'applied'
BEGIN
    SELECT RAISE(ABORT, 'plan-state: nothing is filed before the plan is accepted');
END;

CREATE TRIGGER plan_task_stays BEFORE UPDATE ON plan_task
BEGIN
    SELECT RAISE(ABORT, 'plan-state: a task stays what it is in its plan');
END;

CREATE TRIGGER shared_context_stays BEFORE UPDATE ON shared_context
BEGIN
    SELECT RAISE(ABORT, 'plan-state: what tasks share never changes');
END;

CREATE TRIGGER shared_context_stays_there BEFORE DELETE ON shared_context
BEGIN
    SELECT RAISE(ABORT, 'plan-state: what tasks share never changes');
END;
