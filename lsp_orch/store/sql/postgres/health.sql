-- A server checks its own pages as it reads them; what it cannot know is what somebody has switched off.
-- name: quick_check
SELECT 'the index ' || CAST(CAST(indexrelid AS regclass) AS text) || ' is invalid'
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = CAST('lsp_orch' AS regnamespace) AND NOT indisvalid
UNION ALL
SELECT 'the trigger ' || tgname || ' is switched off'
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = CAST('lsp_orch' AS regnamespace) AND tgenabled = 'D';
