-- What each day of UTC has cost, kept up as runs end; and what people were told of caps.

CREATE TABLE spending (
    daemon TEXT NOT NULL,
    day REAL NOT NULL,
    usd REAL NOT NULL CHECK (usd >= 0),
    PRIMARY KEY (daemon, day)
);

CREATE TABLE notice (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    cap TEXT NOT NULL,
    about TEXT NOT NULL,
    words TEXT NOT NULL,
    told_at REAL NOT NULL,
    until REAL,
    daemon TEXT NOT NULL,
    UNIQUE (daemon, cap, about)
);

INSERT INTO spending (daemon, day, usd)
SELECT task.daemon, CAST(attempt.ended_at / 86400 AS INTEGER) * 86400.0, SUM(attempt.cost_usd)
FROM attempt JOIN task ON task.id = attempt.task_id
WHERE attempt.ended_at IS NOT NULL AND attempt.cost_usd > 0
GROUP BY 1, 2;

CREATE TRIGGER attempt_is_paid_when_it_ends AFTER UPDATE OF ended_at ON attempt
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.cost_usd > 0
BEGIN
    INSERT INTO spending (daemon, day, usd)
    SELECT daemon, CAST(NEW.ended_at / 86400 AS INTEGER) * 86400.0, NEW.cost_usd FROM task WHERE id = NEW.task_id
    ON CONFLICT (daemon, day) DO UPDATE SET usd = usd + excluded.usd;
END;

CREATE TRIGGER plan_is_paid_when_it_ends AFTER UPDATE OF ended_at ON plan
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.cost_usd > 0
BEGIN
    INSERT INTO spending (daemon, day, usd)
    VALUES (NEW.daemon, CAST(NEW.ended_at / 86400 AS INTEGER) * 86400.0, NEW.cost_usd)
    ON CONFLICT (daemon, day) DO UPDATE SET usd = usd + excluded.usd;
END;
