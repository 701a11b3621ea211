-- Work on its way from a review into what is checked out, and what came between.

CREATE TABLE task_conflict (
    run BIGINT PRIMARY KEY REFERENCES attempt (id),
    task_id TEXT COLLATE "C" NOT NULL REFERENCES task (id),
    base TEXT NOT NULL,
    tip TEXT NOT NULL,
    onto TEXT NOT NULL,
    kept_ref TEXT NOT NULL CHECK (kept_ref <> ''),
    at DOUBLE PRECISION NOT NULL,
    -- JSON lists
    paths TEXT NOT NULL,
    others TEXT NOT NULL
);
CREATE INDEX task_conflict_task ON task_conflict (task_id);

-- How the check went: on the work alone before its review, and on the merged tree; the latest of each.
CREATE TABLE task_check (
    run BIGINT NOT NULL REFERENCES attempt (id),
    stage TEXT NOT NULL CHECK (stage IN ('work', 'merged')),
    command TEXT NOT NULL CHECK (command <> ''),
    said TEXT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL CHECK (seconds >= 0),
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (run, stage)
);

-- What was asked to be merged, in its order: a daemon that is killed in between leaves it to the next one.
CREATE TABLE merge_request (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    daemon TEXT COLLATE "C" NOT NULL,
    -- the first of those that were asked for at once; 0 for itself
    batch BIGINT NOT NULL,
    task_id TEXT COLLATE "C" NOT NULL REFERENCES task (id),
    key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'trying', 'landing', 'landed', 'refused')),
    merged TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    asked_at DOUBLE PRECISION NOT NULL,
    ended_at DOUBLE PRECISION,
    CHECK ((ended_at IS NULL) = (state IN ('queued', 'trying', 'landing'))),
    CHECK ((code = '') = (state <> 'refused')),
    CHECK (merged <> '' OR state NOT IN ('landing', 'landed'))
);
CREATE UNIQUE INDEX merge_request_once ON merge_request (task_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX merge_request_one ON merge_request (daemon) WHERE state IN ('trying', 'landing');

-- Work that came from a run whose task was no longer its own.
CREATE TABLE late_result (
    run BIGINT PRIMARY KEY REFERENCES attempt (id),
    task_id TEXT COLLATE "C" NOT NULL REFERENCES task (id),
    status TEXT NOT NULL,
    summary TEXT NOT NULL,
    kept_ref TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL
);
CREATE INDEX late_result_task ON late_result (task_id);

-- What would collide if it were merged now: of a task's work with another's, or with what is checked out ('').
CREATE TABLE forecast (
    task_id TEXT COLLATE "C" NOT NULL REFERENCES task (id),
    other TEXT COLLATE "C" NOT NULL,
    -- a JSON list
    paths TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (task_id, other)
);
