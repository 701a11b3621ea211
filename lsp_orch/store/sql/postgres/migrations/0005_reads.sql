-- What each holder knows of a file, and who wrote the file last.

CREATE TABLE read (
    holder_id TEXT COLLATE "C" NOT NULL,
    session TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL CHECK (path <> ''),
    digest TEXT COLLATE "C" NOT NULL CHECK (length(digest) IN (0, 64)),
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (holder_id, path)
);
CREATE INDEX read_session ON read (session);
CREATE INDEX read_path ON read (path);

CREATE TABLE writer (
    path TEXT COLLATE "C" PRIMARY KEY CHECK (path <> ''),
    holder_id TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL
);
CREATE INDEX writer_at ON writer (at);

-- A file is also kept when an agent reads it: the list of reasons is part of the table.
ALTER TABLE version DROP CONSTRAINT version_why_check;
ALTER TABLE version ADD CONSTRAINT version_why_check
    CHECK (why IN ('granted', 'read', 'before-write', 'after-write', 'foreign-write', 'saved'));
