-- What the dispatcher was told to let be, an empty workspace being all of them.

CREATE TABLE pause (
    daemon TEXT COLLATE "C" NOT NULL,
    workspace TEXT COLLATE "C" NOT NULL,
    why TEXT NOT NULL,
    who TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (daemon, workspace)
);

-- Ready tasks that are held back by the same: none is looked at before what the lane `waits_for` is over, and
-- then only the first. A task in a lane has the lane's name in `hold_why`; no task in it has a lower `rank`.
CREATE TABLE lane (
    daemon TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    waits_for TEXT COLLATE "C" NOT NULL,
    why TEXT NOT NULL,
    rank DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (daemon, name)
);
CREATE INDEX lane_waits ON lane (daemon, waits_for, rank, name);

DROP INDEX task_ready;
CREATE INDEX task_ready ON task (daemon, rank, place) WHERE state = 'ready' AND engaged = 0 AND hold_why = '';
CREATE INDEX task_lane ON task (daemon, hold_why, rank, place)
    WHERE state = 'ready' AND engaged = 0 AND hold_why <> '';
