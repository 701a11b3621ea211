-- Which daemon a row belongs to, where several share a store.

ALTER TABLE session ADD COLUMN daemon TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE lease ADD COLUMN daemon TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN daemon TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE version ADD COLUMN daemon TEXT COLLATE "C" NOT NULL DEFAULT '';

-- NEWEST of domain/version.py once more, so that no statement can take the last of a path; a test compares the two.
CREATE FUNCTION version_newest_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT COUNT(*) FROM (
        SELECT 1 FROM lsp_orch.version
        WHERE path = OLD.path AND daemon = OLD.daemon AND place > OLD.place AND digest <> ''
        LIMIT 3) AS newer) < 3 THEN
        RAISE EXCEPTION 'version: the newest of a path stay' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END;
$$;

CREATE TRIGGER version_newest_stay BEFORE DELETE ON version
FOR EACH ROW EXECUTE FUNCTION version_newest_stay();
