-- As SQLite's: fewer indexes change with a grant.

DROP INDEX lease_session;
CREATE INDEX lease_session ON lease (session) WHERE session <> '';
DROP INDEX fence_anchor;
ALTER TABLE fence DROP CONSTRAINT fence_pkey;
ALTER TABLE fence ADD PRIMARY KEY (anchor, kind, key);
