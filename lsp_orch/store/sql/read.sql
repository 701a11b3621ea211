-- name: remember
INSERT INTO read (holder_id, session, path, digest, at) VALUES (:holder_id, :session, :path, :digest, :at)
ON CONFLICT (holder_id, path) DO UPDATE SET digest = excluded.digest, at = excluded.at;

-- name: of
SELECT holder_id, session, path, digest, at FROM read WHERE holder_id = :holder_id AND path = :path;

-- name: paths
SELECT path FROM read GROUP BY path ORDER BY MAX(at), path;

-- name: otherwise
SELECT holder_id FROM read
WHERE path = :path AND (CAST(:digest AS TEXT) IS NULL OR digest <> :digest) ORDER BY holder_id;

-- name: only
SELECT DISTINCT path FROM read AS mine WHERE session = :session AND NOT EXISTS (
    SELECT 1 FROM read AS theirs WHERE theirs.path = mine.path AND theirs.session <> :session)
ORDER BY path;

-- name: forget
DELETE FROM read WHERE session = :session;

-- name: wrote
INSERT INTO writer (path, holder_id, holder_name, at) VALUES (:path, :holder_id, :holder_name, :at)
ON CONFLICT (path) DO UPDATE SET holder_id = excluded.holder_id, holder_name = excluded.holder_name,
    at = excluded.at;

-- name: writer
SELECT path, holder_id, holder_name, at FROM writer WHERE path = :path;

-- name: forget_writers
DELETE FROM writer WHERE at < :before AND path NOT IN (SELECT path FROM read);
