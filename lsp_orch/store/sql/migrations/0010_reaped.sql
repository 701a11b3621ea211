-- Who was taken for dead and what they lost, leases without progress, and whether reaping is frozen.

ALTER TABLE session ADD COLUMN state TEXT NOT NULL DEFAULT 'alive'
    CHECK (state IN ('alive', 'suspect', 'resting', 'dead', 'reaped'));
ALTER TABLE session ADD COLUMN reaped_at REAL CHECK ((reaped_at IS NOT NULL) = (state = 'reaped'));
-- a start time is no longer counted from the epoch: until they are heard of again, silence decides
UPDATE session SET pid = 0, started = 0;

CREATE TABLE session_lost (
    session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (session_id, workspace, kind, key)
);

ALTER TABLE lease ADD COLUMN progress_at REAL NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN contested INTEGER NOT NULL DEFAULT 0 CHECK (contested IN (0, 1));
UPDATE lease SET progress_at = acquired_at;

CREATE TABLE vigil (
    daemon TEXT PRIMARY KEY,
    why TEXT NOT NULL
);
