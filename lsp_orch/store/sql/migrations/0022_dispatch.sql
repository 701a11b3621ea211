-- What the dispatcher was told to let be, an empty workspace being all of them.

CREATE TABLE pause (
    daemon TEXT NOT NULL,
    workspace TEXT NOT NULL,
    why TEXT NOT NULL,
    who TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (daemon, workspace)
);

-- Ready tasks that are held back by the same: none is looked at before what the lane `waits_for` is over, and
-- then only the first. A task in a lane has the lane's name in `hold_why`; no task in it has a lower `rank`.
CREATE TABLE lane (
    daemon TEXT NOT NULL,
    name TEXT NOT NULL CHECK (name <> ''),
    waits_for TEXT NOT NULL,
    why TEXT NOT NULL,
    rank REAL NOT NULL,
    PRIMARY KEY (daemon, name)
);
CREATE INDEX lane_waits ON lane (daemon, waits_for, rank, name);

DROP INDEX task_ready;
CREATE INDEX task_ready ON task (daemon, rank, place) WHERE state = 'ready' AND engaged = 0 AND hold_why = '';
CREATE INDEX task_lane ON task (daemon, hold_why, rank, place)
    WHERE state = 'ready' AND engaged = 0 AND hold_why <> '';
