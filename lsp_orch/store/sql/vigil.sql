-- name: remember
UPDATE vigil SET why = :why WHERE why <> :why;

-- name: why
SELECT why FROM vigil;
