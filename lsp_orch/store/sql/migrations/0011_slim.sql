-- A grant changes as few pages as it can: each of them is written once more into the log.

CREATE TABLE lease_new (
    token INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    mode TEXT NOT NULL CHECK (mode IN ('read', 'write')),
    state TEXT NOT NULL CHECK (state IN ('held', 'dirty', 'saved', 'vanished', 'stopped')),
    workspace TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('human', 'agent')),
    holder_name TEXT NOT NULL,
    session TEXT NOT NULL,
    reason TEXT NOT NULL,
    ttl_s REAL NOT NULL CHECK (ttl_s > 0),
    acquired_at REAL NOT NULL,
    expires_at REAL,
    progress_at REAL NOT NULL DEFAULT 0,
    contested INTEGER NOT NULL DEFAULT 0 CHECK (contested IN (0, 1)),
    daemon TEXT NOT NULL DEFAULT '',
    -- only a person's unsaved buffer is held without a time limit
    CHECK (expires_at IS NOT NULL OR state = 'dirty')
);
INSERT INTO lease_new (id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason,
    ttl_s, acquired_at, expires_at, progress_at, contested, daemon)
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason,
    ttl_s, acquired_at, expires_at, progress_at, contested, daemon
FROM lease;

CREATE TABLE lease_scope_new (
    lease_id TEXT NOT NULL REFERENCES lease_new (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    anchor TEXT NOT NULL,
    mode TEXT NOT NULL,
    PRIMARY KEY (lease_id, kind, key)
) WITHOUT ROWID;
INSERT INTO lease_scope_new (lease_id, kind, key, anchor, mode)
SELECT lease_id, kind, key, anchor, mode FROM lease_scope;

DROP TABLE lease_scope;
DROP TABLE lease;
ALTER TABLE lease_new RENAME TO lease;
ALTER TABLE lease_scope_new RENAME TO lease_scope;

CREATE INDEX lease_holder ON lease (holder_id);
CREATE INDEX lease_session ON lease (session) WHERE session <> '';
CREATE INDEX lease_expiry ON lease (expires_at);
CREATE INDEX lease_scope_anchor ON lease_scope (anchor);
-- a second writer is impossible even if every rule above the store were wrong
CREATE UNIQUE INDEX lease_scope_writer ON lease_scope (kind, key) WHERE mode = 'write';
-- nobody else's lease lies in a folder that is held, nor holds a folder that is; patterns are the services' part
CREATE INDEX lease_scope_folder ON lease_scope (key) WHERE kind = 'dir';
CREATE TRIGGER lease_scope_is_alone BEFORE INSERT ON lease_scope
WHEN NEW.kind IN ('file', 'dir', 'glob') AND EXISTS (
    SELECT 1 FROM lease_scope AS folder JOIN lease AS theirs ON theirs.id = folder.lease_id
    WHERE folder.kind = 'dir' AND 'write' IN (folder.mode, NEW.mode)
        AND (NEW.anchor = folder.key OR substr(NEW.anchor, 1, length(folder.key) + 1) = folder.key || '/')
        AND theirs.holder_id <> (SELECT holder_id FROM lease WHERE id = NEW.lease_id))
BEGIN
    SELECT RAISE(ABORT, 'lease-held: somebody else has the folder');
END;
CREATE TRIGGER lease_scope_folder_is_free BEFORE INSERT ON lease_scope
WHEN NEW.kind = 'dir' AND EXISTS (
    SELECT 1 FROM lease_scope AS inside JOIN lease AS theirs ON theirs.id = inside.lease_id
    WHERE inside.anchor >= NEW.key || '/' AND inside.anchor < NEW.key || '0'
        AND inside.kind IN ('file', 'dir', 'glob') AND 'write' IN (inside.mode, NEW.mode)
        AND theirs.holder_id <> (SELECT holder_id FROM lease WHERE id = NEW.lease_id))
BEGIN
    SELECT RAISE(ABORT, 'lease-held: somebody else has something in the folder');
END;

CREATE TABLE fence_new (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    anchor TEXT NOT NULL,
    token INTEGER NOT NULL,
    PRIMARY KEY (anchor, kind, key)
) WITHOUT ROWID;
INSERT INTO fence_new (kind, key, anchor, token) SELECT kind, key, anchor, token FROM fence;
DROP TABLE fence;
ALTER TABLE fence_new RENAME TO fence;
