-- name: insert
INSERT INTO denial (run, place, call) VALUES (:run, :place, :call);

-- name: of_run
SELECT call FROM denial WHERE run = :run ORDER BY place;
