-- Parked tasks: a run that has ended at a call it may not make yet, and is resumed there.

ALTER TABLE task ADD COLUMN ticket TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN waits_for TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN ran_s REAL NOT NULL DEFAULT 0 CHECK (ran_s >= 0);
ALTER TABLE task ADD COLUMN paid_usd REAL NOT NULL DEFAULT 0 CHECK (paid_usd >= 0);
CREATE INDEX task_parked ON task (priority, place) WHERE state = 'parked';

INSERT INTO task_step (was, now) VALUES
    ('running', 'parked'),
    ('parked', 'running'),
    ('parked', 'cancelled');

CREATE TRIGGER task_parks_with_nothing_alive BEFORE UPDATE ON task
WHEN NEW.state = 'parked' AND OLD.state IN ('running', 'parked')
    AND (NEW.engaged = 1 OR NEW.session_id = '' OR NEW.session_id <> OLD.session_id)
BEGIN
    SELECT RAISE(ABORT, 'task-state: a parked task has a session to come back to and nothing alive');
END;
