-- name: remember
INSERT INTO vigil (daemon, why) VALUES (:daemon, :why)
ON CONFLICT (daemon) DO UPDATE SET why = excluded.why WHERE vigil.why <> excluded.why;

-- name: why
SELECT why FROM vigil WHERE daemon = :daemon;
