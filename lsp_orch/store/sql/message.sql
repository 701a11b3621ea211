-- name: insert
INSERT INTO message (id, to_id, sender_id, sender_name, text, pace, shared, key, sent_at, ends_at)
VALUES (:id, :to_id, :sender_id, :sender_name, :words, :pace, :shared, :key, :sent_at, :ends_at);

-- name: of
SELECT id, to_id, sender_id, sender_name, text, pace, shared, key, sent_at, ends_at, told_at, told_by
FROM message WHERE to_id = :to_id AND ends_at > :now ORDER BY place;

-- name: by_key
SELECT id, to_id, sender_id, sender_name, text, pace, shared, key, sent_at, ends_at, told_at, told_by
FROM message WHERE sender_id = :sender_id AND key = :key ORDER BY place;

-- name: posts
SELECT COUNT(DISTINCT id) FROM message WHERE sender_id = :sender_id AND sent_at > :since AND sent_at <= :now;

-- name: tell
UPDATE message SET told_at = :told_at, told_by = :told_by WHERE id = :id AND to_id = :to_id;

-- name: expected
SELECT DISTINCT to_id, pace FROM message
WHERE ends_at > :now AND (told_at IS NULL OR told_by <> '') ORDER BY to_id, pace;

-- name: forget
DELETE FROM message WHERE ends_at <= :now AND (key = '' OR sent_at <= :before);
