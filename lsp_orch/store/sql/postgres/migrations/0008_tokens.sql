-- Tokens are reserved on disk before they are issued: a power failure may take a grant, but not the number with it.

ALTER TABLE token ADD COLUMN reserved BIGINT NOT NULL DEFAULT 0;
