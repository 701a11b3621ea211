-- Folders and patterns can be leased: what may overlap is found by its anchor, the deepest path that holds it all.

ALTER TABLE lease_scope ADD COLUMN anchor TEXT NOT NULL DEFAULT '';
UPDATE lease_scope SET anchor = key;
DROP INDEX lease_scope_key;
CREATE INDEX lease_scope_anchor ON lease_scope (anchor);

ALTER TABLE waiter_scope ADD COLUMN anchor TEXT NOT NULL DEFAULT '';
UPDATE waiter_scope SET anchor = key;
DROP INDEX waiter_scope_key;
CREATE INDEX waiter_scope_anchor ON waiter_scope (anchor);

ALTER TABLE fence ADD COLUMN anchor TEXT NOT NULL DEFAULT '';
UPDATE fence SET anchor = key;
CREATE INDEX fence_anchor ON fence (anchor);

-- nobody else's lease lies in a folder that is held, nor holds a folder that is; patterns are the services' part
CREATE INDEX lease_scope_folder ON lease_scope (key) WHERE kind = 'dir';
CREATE TRIGGER lease_scope_is_alone BEFORE INSERT ON lease_scope
WHEN NEW.kind IN ('file', 'dir', 'glob') AND EXISTS (
    SELECT 1 FROM lease_scope AS folder JOIN lease AS theirs ON theirs.id = folder.lease_id
    WHERE folder.kind = 'dir' AND 'write' IN (folder.mode, NEW.mode)
        AND (NEW.anchor = folder.key OR substr(NEW.anchor, 1, length(folder.key) + 1) = folder.key || '/')
        AND theirs.holder_id <> (SELECT holder_id FROM lease WHERE id = NEW.lease_id))
BEGIN
    SELECT RAISE(ABORT, 'lease-held: somebody else has the folder');
END;
CREATE TRIGGER lease_scope_folder_is_free BEFORE INSERT ON lease_scope
WHEN NEW.kind = 'dir' AND EXISTS (
    SELECT 1 FROM lease_scope AS inside JOIN lease AS theirs ON theirs.id = inside.lease_id
    WHERE inside.anchor >= NEW.key || '/' AND inside.anchor < NEW.key || '0'
        AND inside.kind IN ('file', 'dir', 'glob') AND 'write' IN (inside.mode, NEW.mode)
        AND theirs.holder_id <> (SELECT holder_id FROM lease WHERE id = NEW.lease_id))
BEGIN
    SELECT RAISE(ABORT, 'lease-held: somebody else has something in the folder');
END;
