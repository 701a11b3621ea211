-- What files said, and when. The contents themselves are files, named by their digest; '' means there was no file.

CREATE TABLE version (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL CHECK (path <> ''),
    digest TEXT NOT NULL CHECK (length(digest) = 64 OR (digest = '' AND size = 0)),
    size INTEGER NOT NULL CHECK (size >= 0),
    kept_at REAL NOT NULL,
    seen_at REAL NOT NULL CHECK (seen_at >= kept_at),
    holder_id TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    why TEXT NOT NULL CHECK (why IN ('granted', 'before-write', 'after-write', 'foreign-write', 'saved'))
);
CREATE INDEX version_path ON version (path, place);
CREATE INDEX version_digest ON version (digest);

-- NEWEST of domain/version.py once more, so that no statement can take the last of a path; a test compares the two.
CREATE TRIGGER version_newest_stay BEFORE DELETE ON version
WHEN (SELECT COUNT(*) FROM (
    SELECT 1 FROM version WHERE path = OLD.path AND place > OLD.place AND digest <> '' LIMIT 3)) < 3
BEGIN
    SELECT RAISE(ABORT, 'version: the newest of a path stay');
END;
