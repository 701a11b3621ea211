-- name: quick_check
-- every page is readable and every row fits its table
PRAGMA quick_check (5);

-- name: scratch_make
CREATE TABLE scratch (word TEXT NOT NULL);

-- name: scratch_write
INSERT INTO scratch (word) VALUES (:word);

-- name: scratch_read
SELECT word FROM scratch;

-- name: scratch_drop
DROP TABLE scratch;
