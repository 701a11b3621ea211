-- What files said, and when. The contents themselves are files, named by their digest; '' means there was no file.

CREATE TABLE version (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    path TEXT COLLATE "C" NOT NULL CHECK (path <> ''),
    digest TEXT COLLATE "C" NOT NULL CHECK (length(digest) = 64 OR (digest = '' AND size = 0)),
    size BIGINT NOT NULL CHECK (size >= 0),
    kept_at DOUBLE PRECISION NOT NULL,
    seen_at DOUBLE PRECISION NOT NULL CHECK (seen_at >= kept_at),
    holder_id TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    why TEXT NOT NULL CHECK (why IN ('granted', 'before-write', 'after-write', 'foreign-write', 'saved'))
);
CREATE INDEX version_path ON version (path, place);
CREATE INDEX version_digest ON version (digest);
