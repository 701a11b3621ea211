-- What sessions say to each other, until it is told or too old.

CREATE TABLE message (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    to_id TEXT NOT NULL CHECK (to_id <> ''),
    sender_id TEXT NOT NULL CHECK (sender_id <> ''),
    sender_name TEXT NOT NULL,
    text TEXT NOT NULL CHECK (text <> ''),
    pace TEXT NOT NULL CHECK (pace IN ('now', 'soon', 'later')),
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    key TEXT NOT NULL,
    sent_at REAL NOT NULL,
    ends_at REAL NOT NULL CHECK (ends_at > sent_at),
    told_at REAL,
    told_by TEXT NOT NULL DEFAULT '' CHECK (told_by = '' OR told_at IS NOT NULL),
    UNIQUE (id, to_id)
);
CREATE INDEX message_to ON message (to_id, place);
CREATE INDEX message_sender ON message (sender_id, sent_at);
-- the same key says a thing once, even if every rule above the store were wrong
CREATE UNIQUE INDEX message_key ON message (sender_id, key, to_id) WHERE key <> '';
