-- Leases, their queue, their fencing tokens, and the sessions that hold them. Texts compare byte by byte.

CREATE TABLE session (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('human', 'agent')),
    name TEXT NOT NULL,
    workspace TEXT COLLATE "C" NOT NULL,
    pid BIGINT NOT NULL,
    started DOUBLE PRECISION NOT NULL,
    connected_at DOUBLE PRECISION NOT NULL,
    seen_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE lease (
    id TEXT COLLATE "C" PRIMARY KEY,
    token BIGINT NOT NULL UNIQUE,
    mode TEXT NOT NULL CHECK (mode IN ('read', 'write')),
    state TEXT NOT NULL CHECK (state IN ('held', 'dirty', 'saved', 'vanished', 'stopped')),
    workspace TEXT COLLATE "C" NOT NULL,
    holder_id TEXT COLLATE "C" NOT NULL,
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('human', 'agent')),
    holder_name TEXT NOT NULL,
    session TEXT COLLATE "C" NOT NULL,
    reason TEXT NOT NULL,
    ttl_s DOUBLE PRECISION NOT NULL CHECK (ttl_s > 0),
    acquired_at DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION,
    -- only a person's unsaved buffer is held without a time limit
    CONSTRAINT lease_without_end_is_dirty CHECK (expires_at IS NOT NULL OR state = 'dirty')
);
CREATE INDEX lease_holder ON lease (holder_id);
CREATE INDEX lease_session ON lease (session);
CREATE INDEX lease_expiry ON lease (expires_at);

CREATE TABLE lease_scope (
    lease_id TEXT COLLATE "C" NOT NULL REFERENCES lease (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    mode TEXT NOT NULL,
    PRIMARY KEY (lease_id, kind, key)
);
CREATE INDEX lease_scope_key ON lease_scope (key, kind);
-- a second writer is impossible even if every rule above the store were wrong
CREATE UNIQUE INDEX lease_scope_writer ON lease_scope (kind, key) WHERE mode = 'write';

CREATE TABLE waiter (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    mode TEXT NOT NULL CHECK (mode IN ('read', 'write')),
    workspace TEXT COLLATE "C" NOT NULL,
    holder_id TEXT COLLATE "C" NOT NULL,
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('human', 'agent')),
    holder_name TEXT NOT NULL,
    session TEXT COLLATE "C" NOT NULL,
    reason TEXT NOT NULL,
    ttl_s DOUBLE PRECISION NOT NULL CHECK (ttl_s > 0),
    state TEXT NOT NULL CHECK (state IN ('held', 'dirty')),
    since DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION
);
CREATE INDEX waiter_holder ON waiter (holder_id);
CREATE INDEX waiter_session ON waiter (session);
CREATE INDEX waiter_expiry ON waiter (expires_at);

CREATE TABLE waiter_scope (
    waiter_id TEXT COLLATE "C" NOT NULL REFERENCES waiter (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (waiter_id, kind, key)
);
CREATE INDEX waiter_scope_key ON waiter_scope (key, kind);

-- The last token ever issued, and the newest one for each resource.
CREATE TABLE token (
    last BIGINT NOT NULL
);
INSERT INTO token (last) VALUES (0);

CREATE TABLE fence (
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    token BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);
