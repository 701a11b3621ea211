-- What the dispatcher was told to let be, an empty workspace being all of them.

CREATE TABLE pause (
    daemon TEXT NOT NULL,
    workspace TEXT NOT NULL,
    why TEXT NOT NULL,
    who TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (daemon, workspace)
);
