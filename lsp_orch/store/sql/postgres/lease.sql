-- name: at
SELECT id, token, mode, state, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s,
    acquired_at, expires_at, progress_at, contested
FROM lease
WHERE id IN (SELECT lease_id FROM lease_scope WHERE anchor IN (SELECT json_array_elements_text(CAST(:anchors AS json))));
