-- Which daemon a row belongs to, where several share a store. A file of SQLite's has only one, without a name.

ALTER TABLE session ADD COLUMN daemon TEXT NOT NULL DEFAULT '';
ALTER TABLE lease ADD COLUMN daemon TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN daemon TEXT NOT NULL DEFAULT '';
ALTER TABLE version ADD COLUMN daemon TEXT NOT NULL DEFAULT '';
