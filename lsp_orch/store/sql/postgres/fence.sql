-- name: at
SELECT kind, key, token FROM fence WHERE anchor IN (SELECT json_array_elements_text(CAST(:anchors AS json)));
