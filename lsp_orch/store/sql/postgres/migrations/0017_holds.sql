-- A provider that has said no: each daemon asks as somebody, from a machine of its own, and has its own row.

CREATE TABLE provider_hold (
    daemon TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope <> ''),
    until DOUBLE PRECISION NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('limit', 'busy', 'login')),
    why TEXT NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    -- the run that tries whether it says yes again
    probe BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (daemon, scope)
);

-- The calls that nobody had given a run leave for, in their order.
CREATE TABLE denial (
    run BIGINT NOT NULL REFERENCES attempt (id),
    place INTEGER NOT NULL,
    call TEXT NOT NULL,
    PRIMARY KEY (run, place)
);
