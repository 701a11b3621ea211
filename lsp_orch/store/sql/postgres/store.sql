-- What every connection begins with. Whoever stands still in a transaction is put out of it, as all others wait for
-- them; and a server that was told not to flush its commits flushes ours.
-- name: begin_session
SET search_path = lsp_orch;
SET idle_in_transaction_session_timeout = '10s';
SET lock_timeout = '20s';
SET statement_timeout = '30s';
SELECT set_config('synchronous_commit', 'on', FALSE) WHERE current_setting('synchronous_commit') = 'off';

-- Read, decide and write are one step among all daemons: each transaction waits here for the one before it. And
-- whoever finds that a newer lsp-orch has been here meanwhile writes nothing.
-- name: begin
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(7814999436722300);
SELECT number FROM lsp_orch.format;

-- name: prepare
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(7814999436722300);
DO $$
BEGIN
    IF to_regclass('lsp_orch.format') IS NULL THEN
        IF to_regnamespace('lsp_orch') IS NULL THEN
            CREATE SCHEMA lsp_orch;
        END IF;
        CREATE TABLE lsp_orch.format (number INTEGER NOT NULL);
        INSERT INTO lsp_orch.format (number) VALUES (0);
    END IF;
END;
$$;
SELECT number FROM lsp_orch.format;

-- name: migrated
UPDATE format SET number = :number;

-- name: tell
SELECT pg_notify('lsp_orch', told) FROM json_array_elements_text(CAST(:told AS json)) AS told;

-- name: listen
LISTEN lsp_orch;
