-- name: insert
INSERT INTO waiter (id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    state, since, expires_at)
VALUES (:id, :mode, :workspace, :holder_id, :holder_kind, :holder_name, :session, :reason, :ttl_s,
    :state, :since, :expires_at)
RETURNING place;

-- name: insert_scope
INSERT INTO waiter_scope (waiter_id, kind, key, anchor) VALUES (:waiter_id, :kind, :key, :anchor);

-- name: update
UPDATE waiter SET state = :state, expires_at = :expires_at, claims_at = :claims_at WHERE id = :id;

-- name: delete
DELETE FROM waiter WHERE id = :id;

-- name: scopes
SELECT kind, key FROM waiter_scope WHERE waiter_id = :waiter_id ORDER BY kind, key;

-- name: by_id
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter WHERE id = :id;

-- name: waiting
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter WHERE :workspace IN ('', workspace) ORDER BY place;

-- name: of_holder
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter WHERE holder_id = :holder_id ORDER BY place;

-- name: of_session
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter WHERE session = :session ORDER BY place;

-- name: at
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter
WHERE id IN (SELECT waiter_id FROM waiter_scope WHERE anchor IN (SELECT value FROM json_each(:anchors)));

-- name: below
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter
WHERE id IN (SELECT waiter_id FROM waiter_scope WHERE anchor >= :least AND anchor < :most);

-- name: expired
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter WHERE expires_at <= :now ORDER BY expires_at;

-- name: claiming
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter WHERE claims_at <= :now ORDER BY claims_at, place;

-- name: deadline
SELECT MIN(moment) FROM (
    SELECT MIN(expires_at) AS moment FROM waiter UNION ALL SELECT MIN(claims_at) FROM waiter) AS moments;
