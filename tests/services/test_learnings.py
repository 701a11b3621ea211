from dataclasses import replace

from lsp_orch.domain.note import Type
from lsp_orch.domain.result import Result, Status
from lsp_orch.domain.task import State, Task
from lsp_orch.services.learnings import drafts
from tests.fixtures.tasks import a_task

TASK = replace(a_task(State.REVIEW), session_id="session-1", tip="abc")


def learned(*learnings: str) -> Task:
    result = Result(status=Status.DONE, summary="Done.", changed_files=("a.py",), learnings=learnings)
    return replace(TASK, result=result)


def test_each_learning_is_a_note_that_says_where_it_comes_from() -> None:
    first, second = drafts(learned("tabs, not spaces", "run make first"))
    assert (first.title, first.body, first.type) == ("tabs, not spaces", "", Type.PATTERN)
    assert (first.source.task, first.source.session, first.source.commit) == ("task-1", "session-1", "abc")
    assert first.paths == ("a.py",)
    assert second.title == "run make first"


def test_a_long_learning_keeps_every_word_in_its_body() -> None:
    words = "word " * 60
    [draft] = drafts(learned(words))
    assert len(draft.title) <= 120
    assert draft.title.endswith("...")
    assert draft.body == words.strip()


def test_a_learning_of_several_lines_is_called_by_the_first() -> None:
    [draft] = drafts(learned("the parser is generated\nedit grammar.txt"))
    assert draft.title == "the parser is generated"
    assert draft.body == "the parser is generated\nedit grammar.txt"


def test_nothing_learned_is_no_note() -> None:
    assert drafts(TASK) == ()
    assert drafts(learned("", "  ")) == ()
