-- What each day of UTC has cost, kept up as runs end; and what people were told of caps.

CREATE TABLE spending (
    daemon TEXT COLLATE "C" NOT NULL,
    day DOUBLE PRECISION NOT NULL,
    usd DOUBLE PRECISION NOT NULL CHECK (usd >= 0),
    PRIMARY KEY (daemon, day)
);

CREATE TABLE notice (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cap TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    words TEXT NOT NULL,
    told_at DOUBLE PRECISION NOT NULL,
    until DOUBLE PRECISION,
    daemon TEXT COLLATE "C" NOT NULL,
    UNIQUE (daemon, cap, about)
);

INSERT INTO spending (daemon, day, usd)
SELECT task.daemon, floor(attempt.ended_at / 86400) * 86400, SUM(attempt.cost_usd)
FROM attempt JOIN task ON task.id = attempt.task_id
WHERE attempt.ended_at IS NOT NULL AND attempt.cost_usd > 0
GROUP BY 1, 2;

CREATE FUNCTION spending_add(daemon TEXT, ended_at DOUBLE PRECISION, usd DOUBLE PRECISION) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO lsp_orch.spending AS known (daemon, day, usd) VALUES ($1, floor($2 / 86400) * 86400, $3)
    ON CONFLICT (daemon, day) DO UPDATE SET usd = known.usd + excluded.usd
$$;

CREATE FUNCTION attempt_is_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lsp_orch.spending_add(
        (SELECT task.daemon FROM lsp_orch.task WHERE task.id = NEW.task_id), NEW.ended_at, NEW.cost_usd);
    RETURN NULL;
END;
$$;

CREATE FUNCTION plan_is_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lsp_orch.spending_add(NEW.daemon, NEW.ended_at, NEW.cost_usd);
    RETURN NULL;
END;
$$;

CREATE TRIGGER attempt_is_paid_when_it_ends AFTER UPDATE OF ended_at ON attempt
FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.cost_usd > 0)
EXECUTE FUNCTION attempt_is_paid();

CREATE TRIGGER plan_is_paid_when_it_ends AFTER UPDATE OF ended_at ON plan
FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.cost_usd > 0)
EXECUTE FUNCTION plan_is_paid();
