-- name: keep
INSERT INTO pause (daemon, workspace, why, who, at) VALUES (:daemon, :workspace, :why, :by, :at)
ON CONFLICT (daemon, workspace) DO UPDATE SET why = excluded.why, who = excluded.who, at = excluded.at;

-- name: end
DELETE FROM pause WHERE daemon = :daemon AND workspace = :workspace;

-- name: all
SELECT workspace, why, who, at FROM pause WHERE daemon = :daemon ORDER BY workspace;
