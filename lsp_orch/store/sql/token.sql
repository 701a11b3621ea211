-- name: reserve
UPDATE token SET reserved = :upto;

-- name: skip
UPDATE token SET last = reserved WHERE last < reserved;
