-- What sessions say to each other, until it is told or too old.

CREATE TABLE message (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    to_id TEXT COLLATE "C" NOT NULL CHECK (to_id <> ''),
    sender_id TEXT COLLATE "C" NOT NULL CHECK (sender_id <> ''),
    sender_name TEXT NOT NULL,
    text TEXT NOT NULL CHECK (text <> ''),
    pace TEXT NOT NULL CHECK (pace IN ('now', 'soon', 'later')),
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    key TEXT COLLATE "C" NOT NULL,
    sent_at DOUBLE PRECISION NOT NULL,
    ends_at DOUBLE PRECISION NOT NULL CHECK (ends_at > sent_at),
    told_at DOUBLE PRECISION,
    told_by TEXT NOT NULL DEFAULT '' CHECK (told_by = '' OR told_at IS NOT NULL),
    UNIQUE (id, to_id)
);
CREATE INDEX message_to ON message (to_id, place);
CREATE INDEX message_sender ON message (sender_id, sent_at);
CREATE UNIQUE INDEX message_key ON message (sender_id, key, to_id) WHERE key <> '';
