-- Queries of the note index. Lists are handed in as JSON. bm25 weighs title, body, tags, date, humps; in SQLite
-- it is negative, and we turn it round: more is better.

-- name: signatures
select path, signature from note where workspace = :workspace;

-- name: any_word
select note.key, note.workspace, -bm25(note_fts, 2.0, 1.0, 0.5, 0.5, 0.5) as score
from note_fts join note on note.key = note_fts.rowid
where note_fts match :words
  and note.workspace in (select value from json_each(:vaults))
  and (:type = '' or note.type = :type)
  and (:tag = '' or exists (select 1 from json_each(note.tags) where value = :tag collate nocase))
order by score desc, note.key
limit :most;

-- Neighbours of the question that are neighbours in the note, for the notes that `any_word` found. The plus sign
-- keeps SQLite from asking the full-text index once for each of them.
-- name: phrases
select rowid, -bm25(note_fts, 2.0, 1.0, 0.5, 0.5, 0.5)
from note_fts
where note_fts match :words and +rowid in (select value from json_each(:keys));

-- How many notes hold a word, and which of the given ones do.
-- name: one_word
select count(*), json_group_array(rowid) filter (where rowid in (select value from json_each(:keys)))
from note_fts
where note_fts match :words;

-- name: total
select count(*) from note;

-- name: read
select * from note where key in (select value from json_each(:keys));

-- name: newest
select * from note
where workspace in (select value from json_each(:vaults))
  and (:type = '' or type = :type)
  and (:tag = '' or exists (select 1 from json_each(note.tags) where value = :tag collate nocase))
order by workspace = '', updated desc, path
limit :most;

-- A superset: globs are tried afterwards.
-- name: on_path
select distinct note.* from note join note_path on note_path.note = note.key
where note.workspace in (select value from json_each(:vaults))
  and (note_path.stem in (select value from json_each(:stems)) or note_path.stem glob :below)
order by workspace = '', updated desc, note.path;

-- name: by_id
select * from note
where id = :id and workspace in (select value from json_each(:vaults))
order by workspace = '', path;

-- name: same
select * from note where title = :title and workspace = :workspace and body = :body order by path limit 1;

-- name: superseded
select value from note, json_each(note.supersedes)
where workspace in (select value from json_each(:vaults));

-- name: count
select count(*) from note where workspace in (select value from json_each(:vaults));

-- name: last_key
select coalesce(max(key), 0) from note;

-- name: forget_paths
delete from note_path where note in (
  select key from note where workspace = :workspace and path in (select value from json_each(:paths))
);

-- name: forget
delete from note where workspace = :workspace and path in (select value from json_each(:paths));
