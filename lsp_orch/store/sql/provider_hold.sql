-- name: keep
INSERT INTO provider_hold (daemon, scope, until, kind, why, since, tries, probe)
VALUES (:daemon, :scope, :until, :kind, :said, :since, :tries, :probe)
ON CONFLICT (daemon, scope) DO UPDATE SET until = excluded.until, kind = excluded.kind, why = excluded.why,
    tries = excluded.tries, probe = excluded.probe;

-- name: end
DELETE FROM provider_hold WHERE daemon = :daemon AND scope = :scope;

-- name: all
SELECT scope, until, kind, why, since, tries, probe FROM provider_hold WHERE daemon = :daemon ORDER BY since, scope;
