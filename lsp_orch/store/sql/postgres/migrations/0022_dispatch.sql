-- What the dispatcher was told to let be, an empty workspace being all of them.

CREATE TABLE pause (
    daemon TEXT COLLATE "C" NOT NULL,
    workspace TEXT COLLATE "C" NOT NULL,
    why TEXT NOT NULL,
    who TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (daemon, workspace)
);
