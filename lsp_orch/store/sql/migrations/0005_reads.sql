-- What each holder knows of a file, and who wrote the file last.

CREATE TABLE read (
    holder_id TEXT NOT NULL,
    session TEXT NOT NULL,
    path TEXT NOT NULL CHECK (path <> ''),
    digest TEXT NOT NULL CHECK (length(digest) IN (0, 64)),
    at REAL NOT NULL,
    PRIMARY KEY (holder_id, path)
) WITHOUT ROWID;
CREATE INDEX read_session ON read (session);
CREATE INDEX read_path ON read (path);

CREATE TABLE writer (
    path TEXT PRIMARY KEY CHECK (path <> ''),
    holder_id TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX writer_at ON writer (at);

-- A file is also kept when an agent reads it: the list of reasons is part of the table.
CREATE TABLE version_new (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL CHECK (path <> ''),
    digest TEXT NOT NULL CHECK (length(digest) = 64 OR (digest = '' AND size = 0)),
    size INTEGER NOT NULL CHECK (size >= 0),
    kept_at REAL NOT NULL,
    seen_at REAL NOT NULL CHECK (seen_at >= kept_at),
    holder_id TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    why TEXT NOT NULL CHECK (why IN ('granted', 'read', 'before-write', 'after-write', 'foreign-write', 'saved'))
);
INSERT INTO version_new SELECT * FROM version;
DROP TABLE version;
ALTER TABLE version_new RENAME TO version;
CREATE INDEX version_path ON version (path, place);
CREATE INDEX version_digest ON version (digest);

CREATE TRIGGER version_newest_stay BEFORE DELETE ON version
WHEN (SELECT COUNT(*) FROM (
    SELECT 1 FROM version WHERE path = OLD.path AND place > OLD.place AND digest <> '' LIMIT 3)) < 3
BEGIN
    SELECT RAISE(ABORT, 'version: the newest of a path stay');
END;
