-- name: at
SELECT place, id, mode, workspace, holder_id, holder_kind, holder_name, session, reason, ttl_s, state,
    since, expires_at, claims_at
FROM waiter
WHERE id IN (SELECT waiter_id FROM waiter_scope WHERE anchor IN (SELECT json_array_elements_text(CAST(:anchors AS json))));
