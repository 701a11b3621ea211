"""Attribution: each kind of evidence, and which of them goes before which."""

from dataclasses import replace

import pytest

from lsp_orch.domain.attribution import GRACE_S, LATE_S, Attribution, Call, Save, Scene, Sighting, attribute
from lsp_orch.domain.version import Author, Why
from tests.fixtures.versions import content

ANN, BOT, OTHER = (Author(id=name, name=name.title()) for name in ("ann", "bot", "other"))
FILE, WORKSPACE, AT = "/ws/a.py", "/ws", 1000.0
SEEN = Sighting(path=FILE, workspace=WORKSPACE, content=content(b"new"), heard=AT, at=AT)


def call(by: Author, *paths: str, **more: object) -> Call:
    """A shell at work, or a tool that names paths."""
    whole = Call(
        id=f"call of {by.id}",
        by=by,
        workspace=WORKSPACE,
        began=AT - 5,
        paths=frozenset(paths),
        open=not paths,
    )
    return replace(whole, **more)  # type: ignore[arg-type]  # as the test names them


def save(by: Author, data: bytes = b"new", late: float = 0.1, *, held: bool = False) -> Save:
    return Save(path=FILE, by=by, contents=frozenset({content(data)}), at=AT + late, held=held)


def scene(*known: Call | Save, writers: tuple[Author, ...] = ()) -> Scene:
    return Scene(
        writers=frozenset(each.id for each in writers),
        calls=tuple(each for each in known if isinstance(each, Call)),
        saves=tuple(each for each in known if isinstance(each, Save)),
    )


def test_where_nothing_was_going_on_it_was_somebody_outside() -> None:
    verdict = attribute(SEEN, scene(writers=(ANN,)))
    assert verdict == Attribution()
    assert (verdict.author, verdict.why) == (Author(id="", name="somebody outside"), Why.FOREIGN_WRITE)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (scene(call(BOT, FILE), writers=(BOT,)), Why.AFTER_WRITE),
        (scene(call(BOT), writers=(BOT,)), Why.AFTER_WRITE),
        (scene(call(BOT), call(OTHER), writers=(BOT,)), Why.AFTER_WRITE),
        (scene(call(BOT, ended=AT - 0.5), writers=(BOT,)), Why.AFTER_WRITE),
        (scene(call(BOT, background=True, ended=AT - 60), writers=(BOT,)), Why.AFTER_WRITE),
        (scene(call(BOT, workspace="/elsewhere"), writers=(BOT,)), Why.AFTER_WRITE),
        (scene(save(BOT, held=True)), Why.SAVED),
        (scene(save(BOT), call(OTHER), writers=(BOT,)), Why.SAVED),
    ],
    ids=["tool", "shell", "two shells", "just ended", "left behind", "from elsewhere", "save", "save beside"],
)
def test_what_a_holder_writes_is_their_own(known: Scene, why: Why) -> None:
    verdict = attribute(SEEN, known)
    assert (verdict.authors, verdict.own, verdict.why) == ((BOT,), True, why)


@pytest.mark.parametrize(
    "known",
    [
        scene(call(OTHER), writers=(BOT,)),
        scene(call(OTHER, FILE), call(BOT), writers=(BOT,)),
        scene(save(OTHER), call(BOT), writers=(BOT,)),
        scene(call(OTHER, background=True, ended=AT - 60), writers=(BOT,)),
        scene(call(OTHER), call(ANN, background=True, ended=AT - 60)),
        scene(call(OTHER, "/ws/b.py", open=True), call(BOT, "/ws/c.py")),
    ],
    ids=["the only shell", "a tool that names it", "a save", "left behind", "at work", "may write more"],
)
def test_one_other_is_named(known: Scene) -> None:
    verdict = attribute(SEEN, known)
    assert (verdict.author, verdict.own, verdict.why) == (OTHER, False, Why.FOREIGN_WRITE)


def test_of_several_none_is_blamed_alone() -> None:
    verdict = attribute(SEEN, scene(call(OTHER), call(ANN), call(OTHER, id="another"), writers=(BOT,)))
    assert verdict.authors == (ANN, OTHER)
    assert verdict.author == Author(id="", name="one of Ann, Other")


@pytest.mark.parametrize(
    "known",
    [
        scene(call(OTHER, began=AT + 0.1)),
        scene(call(OTHER, ended=AT - LATE_S - 0.1)),
        scene(call(OTHER, workspace="/elsewhere")),
        scene(call(OTHER, "/ws/b.py")),
        scene(save(OTHER, b"old")),
        scene(save(OTHER, late=GRACE_S + 0.1)),
        scene(save(OTHER, late=-LATE_S - 0.1)),
        scene(replace(save(OTHER), path="/ws/b.py")),
    ],
    ids=[
        "later",
        "long over",
        "elsewhere",
        "another file",
        "said else",
        "saved late",
        "saved before",
        "other",
    ],
)
def test_what_cannot_have_been_is_no_evidence(known: Scene) -> None:
    assert attribute(SEEN, known) == Attribution()


def test_what_began_or_was_told_before_the_file_was_read_counts() -> None:
    """A busy daemon reads late, and then sees what was written meanwhile."""
    seen = replace(SEEN, at=AT + 5)
    for known in (call(BOT, began=AT + 4), save(BOT, late=5 + GRACE_S), call(BOT, ended=AT - LATE_S)):
        assert attribute(seen, scene(known)).author == BOT


def test_a_file_too_large_to_keep_is_known_by_its_save_all_the_same() -> None:
    seen, known = replace(SEEN, content=None), replace(save(BOT, held=True), contents=frozenset({None}))
    assert attribute(seen, scene(known)).own
