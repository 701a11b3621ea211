"""Notes as use cases, on real files and a real index."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.injection import Context
from lsp_orch.domain.note import PERSONAL, Draft, Filed, Scope, Source, Type
from lsp_orch.domain.recall import Filter
from lsp_orch.services.notes import Added, Work
from tests.fixtures.vault import Bench

PARSER = Draft(
    title="The parser keeps its file open on Windows",
    body="`Parser.read` maps the file: close the map before somebody replaces it.",
    type=Type.PITFALL,
    tags=("windows",),
    paths=("src/parser.py",),
    source=Source(task="task-7"),
)
DAEMON = Draft(title="One daemon for each user", body="The socket decides which.", type=Type.DECISION)


class Following:
    """Follows every vault from the first look on, and has not heard of anything since."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def watch(self, workspace: str) -> bool:
        known = workspace in self.seen
        self.seen.add(workspace)
        return known


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def ids(context: Context) -> list[str]:
    return [each.id for each in context.notes]


def test_a_note_is_in_a_file_is_found_and_is_told(bench: Bench) -> None:
    filed = bench.add(PARSER)
    bench.add(DAEMON)
    assert (bench.vault / "pitfalls/the-parser-keeps-its-file-open-on-windows.md").is_file()
    hits = bench.notes.search(bench.workspace, "why is the parser's file open?", Filter(), 10)
    assert hits[0].filed == filed
    context = bench.notes.context(bench.workspace, Work(prompt="mend the parser that keeps a file open"))
    assert ids(context) == [filed.note.id]
    assert "task task-7" in context.text


def test_a_foreign_prompt_is_told_nothing(bench: Bench) -> None:
    bench.add(PARSER)
    bench.add(DAEMON)
    prompt = (
        "Translate the welcome mail for each user into French, with a friendly tone and a short subject line"
    )
    assert bench.notes.search(bench.workspace, prompt, Filter(), 10)  # a word in common is not enough
    assert bench.notes.context(bench.workspace, Work(prompt=prompt)).text == ""


def test_without_a_prompt_the_newest_notes_are_told(bench: Bench) -> None:
    first = bench.add(PARSER)
    bench.clock.time += 60
    second = bench.add(DAEMON)
    assert ids(bench.notes.context(bench.workspace, Work())) == [second.note.id, first.note.id]


def test_a_note_about_a_file_in_hand_is_told_and_says_so(bench: Bench) -> None:
    filed = bench.add(PARSER)
    bench.add(DAEMON)
    (told,) = bench.notes.context(bench.workspace, Work(paths=("src/parser.py",))).notes
    assert (told.id, told.why) == (filed.note.id, "about src/parser.py")


def test_replaced_and_expired_notes_are_not_told_but_found(bench: Bench) -> None:
    old = bench.add(PARSER)
    new = bench.add(replace(PARSER, title="The parser closes its file", supersedes=(old.note.id,)))
    gone = bench.add(replace(DAEMON, expires=bench.clock.time - 1))
    assert ids(bench.notes.context(bench.workspace, Work())) == [new.note.id]
    found = {hit.filed.note.id for hit in bench.notes.search(bench.workspace, "parser daemon", Filter(), 10)}
    assert found == {old.note.id, new.note.id, gone.note.id}


def test_saying_it_again_brings_the_note_up_to_date(bench: Bench) -> None:
    first = bench.add(PARSER)
    bench.clock.time += 60
    again = bench.notes.add(bench.workspace, replace(PARSER, tags=("map",)))
    assert isinstance(again, Added)
    assert again.known
    assert again.filed.note == replace(first.note, tags=("windows", "map"), updated=first.note.updated + 60)
    assert len(list(bench.vault.rglob("*.md"))) == 1


def test_saying_it_again_right_after_the_file_was_removed_writes_it_again(bench: Bench) -> None:
    bench.vaults._watch = Following()
    first = bench.add(PARSER)
    (bench.vault / first.path).unlink()
    assert bench.add(PARSER).note.id != first.note.id
    assert len(bench.notes.list(bench.workspace, Filter()).notes) == 1


def test_personal_notes_are_found_from_every_project_after_its_own(bench: Bench, tmp_path: Path) -> None:
    mine = bench.add(replace(PARSER, scope=Scope.USER))
    assert (bench.personal / mine.path).is_file()
    assert mine.workspace == PERSONAL
    own = bench.add(PARSER)
    hits = bench.notes.search(bench.workspace, PARSER.title, Filter(), 10)
    assert [hit.filed for hit in hits] == [own, mine]
    other = bench.notes.search(str(tmp_path / "other"), PARSER.title, Filter(), 10)
    assert [hit.filed for hit in other] == [mine]


def test_filters_choose_scope_type_and_tag(bench: Bench) -> None:
    pitfall, decision = bench.add(PARSER), bench.add(DAEMON)
    mine = bench.add(replace(DAEMON, scope=Scope.USER))

    def listed(only: Filter) -> tuple[Filed, ...]:
        return bench.notes.list(bench.workspace, only).notes

    assert listed(Filter(scope=Scope.USER)) == (mine,)
    assert listed(Filter(scope=Scope.PROJECT, type=Type.DECISION)) == (decision,)
    assert listed(Filter(tag="Windows")) == (pitfall,)
    assert bench.notes.search(bench.workspace, "parser daemon", Filter(tag="windows"), 9)[0].filed == pitfall


def test_no_secret_reaches_the_file_or_the_index(bench: Bench) -> None:
    secret = "ghp_" + "a1B2" * 9
    added = bench.notes.add(
        bench.workspace, Draft(title=f"Use {secret}", body=f"export GH={secret}", tags=(secret,))
    )
    assert isinstance(added, Added)
    assert added.secrets == ("GitHub Token",)
    bench.index.close()
    files = [each for each in bench.vault.parents[1].rglob("*") if each.is_file()]
    assert len(files) >= 2
    assert not [each for each in files if secret.encode() in each.read_bytes()]


def test_show_reads_the_file_as_it_is_now(bench: Bench) -> None:
    filed = bench.add(PARSER)
    file = bench.vault / filed.path
    file.write_text(file.read_text(encoding="utf-8") + "And one line more.\n", encoding="utf-8")
    shown = bench.notes.show(bench.workspace, filed.note.id)
    assert isinstance(shown, Filed)
    assert shown.note.body.endswith("And one line more.")


def test_a_note_that_is_not_there_is_refused(bench: Bench) -> None:
    refused = bench.notes.show(bench.workspace, "note-x")
    assert isinstance(refused, Refusal)
    assert refused.code is Code.NOTE_NOT_FOUND


def test_an_unreadable_file_is_named_and_hides_no_other(bench: Bench) -> None:
    filed = bench.add(PARSER)
    bench.write("bad.md", "---\ntitle: ok\ntags: [a\n---\n")
    listing = bench.notes.list(bench.workspace, Filter())
    assert listing.notes == (filed,)
    (problem,) = listing.problems
    assert problem.code is Code.NOTE_UNREADABLE
    assert "bad.md:4:" in problem.message
    bench.write("bad.md", "---\ntitle: ok\ntags: [a]\n---\n")
    mended = bench.notes.list(bench.workspace, Filter())
    assert (len(mended.notes), mended.problems) == (2, ())


@pytest.mark.parametrize("damage", [b"this is no database" * 99, b""])
def test_a_lost_index_builds_itself_anew(bench: Bench, damage: bytes) -> None:
    filed = bench.add(PARSER)
    bench.index.close()
    bench.index_file.write_bytes(damage)
    assert bench.notes.list(bench.workspace, Filter()).notes == (filed,)


def test_an_index_that_breaks_while_it_is_used_builds_itself_anew_and_says_so(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    filed = bench.add(PARSER)
    with bench.index._working() as db:
        db.execute("drop table note_fts")
    with caplog.at_level(logging.WARNING):
        hits = bench.notes.search(bench.workspace, "parser", Filter(), 10)
    assert [hit.filed for hit in hits] == [filed]
    assert "built anew" in caplog.text


def test_a_vault_that_was_followed_is_read_anew_when_the_index_is_lost(bench: Bench) -> None:
    bench.vaults._watch = Following()
    filed = bench.add(PARSER)
    bench.index.close()
    bench.index_file.write_bytes(b"this is no database" * 99)
    assert bench.notes.count(str(Path(bench.workspace).parent)) == 0
    assert bench.notes.list(bench.workspace, Filter()).notes == (filed,)


def test_a_young_file_that_changes_without_a_trace_is_read_again(bench: Bench) -> None:
    for title in ("one", "two"):
        file = bench.write("a.md", f"---\ntitle: {title}\n---\n")
        os.utime(file, (bench.clock.time, bench.clock.time))
        (filed,) = bench.notes.list(bench.workspace, Filter()).notes
        assert filed.note.title == title


def test_a_vault_that_leads_out_of_the_workspace_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.vault.rmdir()
    bench.vault.symlink_to(tmp_path)
    refused = bench.notes.add(bench.workspace, PARSER)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.PATH_OUTSIDE
    (problem,) = bench.notes.list(bench.workspace, Filter()).problems
    assert problem.code is Code.PATH_OUTSIDE


def test_a_vault_that_cannot_be_written_says_so(bench: Bench) -> None:
    bench.write("pitfalls", "a file where the folder should be")
    with pytest.raises(Unavailable) as caught:
        bench.notes.add(bench.workspace, PARSER)
    assert caught.value.refusal.code is Code.VAULT_READ_ONLY


def test_reindex_reads_every_file(bench: Bench) -> None:
    bench.add(PARSER)
    bench.add(DAEMON)
    bench.write("bad.md", b"---\ntitle: \xff\n---\n")
    built = bench.notes.reindex(bench.workspace)
    assert (built.notes, len(built.problems)) == (2, 1)
