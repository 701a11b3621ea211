-- A token is superseded the moment the next one is granted, not when that one first writes.
-- name: raise
INSERT INTO fence (kind, key, anchor, token) VALUES (:kind, :key, :anchor, :token)
ON CONFLICT (anchor, kind, key) DO UPDATE SET token = excluded.token;

-- name: at
SELECT kind, key, token FROM fence WHERE anchor IN (SELECT value FROM json_each(:anchors));

-- name: below
SELECT kind, key, token FROM fence WHERE anchor >= :least AND anchor < :most;
