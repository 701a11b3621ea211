-- name: insert
INSERT INTO version (id, path, digest, size, kept_at, seen_at, holder_id, holder_name, why, daemon)
VALUES (:id, :path, :digest, :size, :kept_at, :seen_at, :holder_id, :holder_name, :why, :daemon);

-- name: insert_absent
INSERT INTO version (id, path, digest, size, kept_at, seen_at, holder_id, holder_name, why, daemon)
VALUES (:id, :path, '', :size, :kept_at, :seen_at, :holder_id, :holder_name, :why, :daemon);

-- name: seen
UPDATE version SET seen_at = :seen_at WHERE id = :id;

-- name: attribute
UPDATE version SET holder_id = :holder_id, holder_name = :holder_name, why = :why WHERE id = :id;

-- name: delete
DELETE FROM version WHERE id = :id;

-- name: by_id
SELECT id, path, digest, size, kept_at, seen_at, holder_id, holder_name, why
FROM version WHERE id = :id AND daemon = :daemon;

-- name: newest
SELECT id, path, digest, size, kept_at, seen_at, holder_id, holder_name, why
FROM version WHERE path = :path AND daemon = :daemon ORDER BY place DESC LIMIT 1;

-- name: of_path
SELECT id, path, digest, size, kept_at, seen_at, holder_id, holder_name, why
FROM version WHERE path = :path AND kept_at < :before AND daemon = :daemon ORDER BY place DESC LIMIT :most;

-- The length of a prefix is compared, not its order: names sort in as many ways as there are engines.
-- name: below
SELECT id, path, digest, size, kept_at, seen_at, holder_id, holder_name, why
FROM version WHERE substr(path, 1, length(:folder)) = :folder AND kept_at < :before AND daemon = :daemon
ORDER BY place DESC LIMIT :most;

-- name: all
SELECT id, path, digest, size, kept_at, seen_at, holder_id, holder_name, why
FROM version WHERE daemon = :daemon ORDER BY place DESC;

-- name: naming
SELECT id FROM version WHERE digest = :digest AND daemon = :daemon LIMIT 1;
