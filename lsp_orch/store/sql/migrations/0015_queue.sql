-- What was asked with a key is answered once more for a day, and not done again.

CREATE TABLE request_key (
    scope TEXT NOT NULL,
    key TEXT NOT NULL CHECK (key <> ''),
    method TEXT NOT NULL,
    digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX request_key_age ON request_key (at);

-- of these it is not known any more what else they were asked with
INSERT INTO request_key (scope, key, method, digest, answer, at)
SELECT workspace, key, 'task.add', '', id, created_at FROM task WHERE key <> '';

-- a key may come again when its day is over
DROP INDEX task_key;
CREATE INDEX task_key ON task (workspace, key, place) WHERE key <> '';
