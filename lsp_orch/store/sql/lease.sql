-- A grant out of the queue may be another daemon's doing: it is where the holder's session is that it belongs.
-- name: insert
INSERT INTO lease (id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session,
    reason, ttl_s, acquired_at, expires_at, progress_at, contested, daemon)
VALUES (:id, :token, :mode, :state, :workspace, :holder_id, :holder_kind, :holder_name, :session,
    :reason, :ttl_s, :acquired_at, :expires_at, :progress_at, :contested,
    COALESCE((SELECT daemon FROM session WHERE id = :session), :daemon));

-- name: insert_scope
INSERT INTO lease_scope (lease_id, kind, key, anchor, mode) VALUES (:lease_id, :kind, :key, :anchor, :mode);

-- name: update
UPDATE lease SET state = :state, ttl_s = :ttl_s, expires_at = :expires_at, progress_at = :progress_at,
    contested = :contested
WHERE id = :id;

-- name: downgrade
UPDATE lease SET mode = 'read' WHERE id = :id;

-- name: downgrade_scopes
UPDATE lease_scope SET mode = 'read' WHERE lease_id = :id;

-- name: delete
DELETE FROM lease WHERE id = :id;

-- name: scopes
SELECT kind, key FROM lease_scope WHERE lease_id = :lease_id ORDER BY kind, key;

-- name: by_id
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease WHERE id = :id;

-- name: own
SELECT id FROM lease WHERE id = :id AND daemon = :daemon;

-- name: live
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease WHERE :workspace IN ('', workspace) ORDER BY token;

-- name: of_holder
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease WHERE holder_id = :holder_id ORDER BY token;

-- name: of_session
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease WHERE session = :session AND session <> '' ORDER BY token;

-- name: ageing
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease WHERE session = :session AND session <> '' AND expires_at < :now + ttl_s * (1 - :fresh) ORDER BY token;

-- name: at
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease
WHERE id IN (SELECT lease_id FROM lease_scope WHERE anchor IN (SELECT value FROM json_each(:anchors)));

-- name: below
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease
WHERE id IN (SELECT lease_id FROM lease_scope WHERE anchor >= :least AND anchor < :most);

-- name: expired
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease WHERE expires_at <= :now ORDER BY expires_at;

-- name: idle
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease WHERE contested = 0 AND holder_kind = 'agent' AND progress_at <= :before ORDER BY token;

-- name: workspaces
SELECT DISTINCT workspace FROM lease WHERE mode = 'write' ORDER BY workspace;

-- name: deadline
SELECT MIN(expires_at) FROM lease;

-- name: next_token
UPDATE token SET last = last + 1 RETURNING last, reserved;
