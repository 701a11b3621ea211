-- name: insert
INSERT INTO request_key (scope, key, method, digest, answer, at)
VALUES (:scope, :key, :method, :digest, :answer, :at);

-- name: known
SELECT method, digest, answer FROM request_key WHERE scope = :scope AND key = :key;

-- name: forget
DELETE FROM request_key WHERE at <= :until;
