"""Who is asked when somebody wants a file: its holder alone, where that blocks nobody, and once."""

from pathlib import Path
from typing import Any

import pytest

from lsp_orch.domain.lease import State
from lsp_orch.endpoints.lsp import editors
from lsp_orch.endpoints.lsp.hub import Hub
from lsp_orch.endpoints.lsp.questions import Questions
from tests.endpoints.house import House, Window, uri
from tests.endpoints.test_lease_commands import holders, steal

VSCODE = {"clientInfo": {"name": "Visual Studio Code"}}


@pytest.fixture
def path(house: House) -> Path:
    return house.file("a.py", "a = 1\n")


def typing(house: House, path: Path, **initialize: Any) -> Window:
    """Somebody who has begun to change the file."""
    ann = house.editor("ann", **initialize)
    ann.open(path)
    ann.show(path, "x")
    return ann


async def only_the_holder_is_asked(house: House, path: Path) -> None:
    ann, bob = typing(house, path, **VSCODE), house.editor("bob", **VSCODE)
    bob.open(path)
    await house.write("s1", path)
    await house.live()
    assert bob.asked() == []
    assert bob.told() == []
    [question] = ann.asked()
    assert question["params"]["message"] == "lsp-orch: Claude Code s1 waits for a.py (Edit)."
    assert [each["title"] for each in question["params"]["actions"]] == ["Hand over", "Keep"]


async def emacs_is_told_and_never_asked(house: House, path: Path) -> None:
    ann = typing(house, path, clientInfo={"name": "Emacs"})
    await house.write("s1", path)
    await house.live()
    assert ann.asked() == []
    assert ann.told() == [
        "lsp-orch: Claude Code s1 waits for a.py (Edit). A code action lets you hand it over."
    ]


async def one_question_at_a_time(house: House, path: Path) -> None:
    ann = typing(house, path, **VSCODE)
    for _ in range(2):
        await house.write("s1", path)
        await house.look(lambda tx: house.leases.withdraw(tx, tx.waiters.waiting()))
    assert len(ann.asked()) == 1


async def test_only_the_holder_is_asked(house: House, path: Path) -> None:
    await only_the_holder_is_asked(house, path)


async def test_emacs_is_told_and_never_asked(house: House, path: Path) -> None:
    await emacs_is_told_and_never_asked(house, path)


async def test_no_second_question_of_the_same_asker_is_open(house: House, path: Path) -> None:
    await one_question_at_a_time(house, path)


async def test_a_question_to_everybody_is_found(
    house: House, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hub, "_of", lambda self, _: list(self._screens))
    with pytest.raises(AssertionError):
        await only_the_holder_is_asked(house, path)


async def test_a_question_to_emacs_is_found(
    house: House, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editors, "takes_questions", lambda _: True)
    with pytest.raises(AssertionError):
        await emacs_is_told_and_never_asked(house, path)


async def test_a_second_question_is_found(house: House, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Questions._ask

    def forgetful(self: Questions, *arguments: Any) -> None:
        ask(self, *arguments)
        self._open.clear()

    monkeypatch.setattr(Questions, "_ask", forgetful)
    with pytest.raises(AssertionError):
        await one_question_at_a_time(house, path)


@pytest.mark.parametrize(
    ("initialize", "asked"),
    [
        ({"clientInfo": {"name": "Visual Studio Code - Insiders"}}, True),
        ({"clientInfo": {"name": "VSCodium"}}, True),
        ({"clientInfo": {"name": "Neovim"}}, False),
        ({"clientInfo": {"name": "Neovim 0.7.2"}}, False),
        ({"clientInfo": {"name": "emacs"}}, False),
        ({"clientInfo": {"name": "Eglot"}}, False),
        ({"clientInfo": {"name": "helix"}}, False),
        ({"clientInfo": {"name": "some other editor"}}, False),
        ({"clientInfo": None}, False),
        (
            {
                "clientInfo": {"name": "Neovim"},
                "capabilities": {"experimental": {"lspOrch": {"questions": True}}},
            },
            True,
        ),
        ({**VSCODE, "capabilities": {"experimental": {"lspOrch": {"questions": False}}}}, False),
        ({**VSCODE, "capabilities": {"experimental": {"lspOrch": True}}}, True),
    ],
)
async def test_the_table_and_the_client_say_who_is_asked(
    house: House, path: Path, initialize: dict[str, Any], *, asked: bool
) -> None:
    ann = typing(house, path, **initialize)
    await house.write("s1", path)
    await house.live()
    assert (len(ann.asked()), len(ann.told())) == ((1, 0) if asked else (0, 1))


# --- the answer ---


async def test_hand_over_gives_it_to_the_asker_and_what_is_typed_next_waits(house: House, path: Path) -> None:
    ann = typing(house, path, **VSCODE)
    await house.write("s1", path)
    await house.write("s2", path)
    _, question = ann.asked()
    ann.answer(question, "Hand over")
    await ann.peer.idle()
    assert await holders(house) == [("Claude Code s2", State.HELD)]
    ann.show(path, "xy")
    assert [each.ask.holder.name for each in await house.look(lambda tx: tx.waiters.waiting())] == [
        "Claude Code s1",
        "ann (Visual Studio Code)",
    ]


@pytest.mark.parametrize("title", ["Keep", "", "what we never offered"])
async def test_any_other_answer_leaves_all_as_it_is(house: House, path: Path, title: str) -> None:
    ann = typing(house, path, **VSCODE)
    await house.write("s1", path)
    [question] = ann.asked()
    ann.answer(question, title)
    await ann.peer.idle()
    assert await holders(house) == [("ann (Visual Studio Code)", State.DIRTY)]
    assert ann.told() == []


async def test_a_claim_is_one_question_with_its_hour_and_keep_objects(house: House, path: Path) -> None:
    ann = house.editor("ann", **VSCODE)
    await ann.execute("request", uri(path))
    await steal(house, path)
    [question] = ann.asked()
    assert question["params"]["type"] == 2
    assert question["params"]["message"] == (
        "lsp-orch: bot takes a.py at 08:01:00 UTC unless you keep it (release day)."
    )
    ann.answer(question, "Keep")
    await ann.peer.idle()
    await house.pass_time(61)
    assert await holders(house) == [("ann (Visual Studio Code)", State.HELD)]


async def test_a_claim_by_one_whose_question_is_open_is_told_besides(house: House, path: Path) -> None:
    ann = house.editor("ann", **VSCODE)
    await ann.execute("request", uri(path))
    params = {"paths": ["a.py"], "workspace": str(house.root), "as": "bot"}
    await house.terminal().ask("lease.acquire", params)
    await steal(house, path)
    assert len(ann.asked()) == 1
    [told] = ann.told()
    assert told == (
        "lsp-orch: bot takes a.py at 08:01:00 UTC unless you keep it. "
        "A code action lets you hand it over or keep it."
    )


async def test_an_answer_that_comes_too_late_is_told_so(house: House, path: Path) -> None:
    ann = typing(house, path, **VSCODE)
    await house.write("s1", path)
    [question] = ann.asked()
    ann.save(path)
    await house.live()
    ann.answer(question, "Hand over")
    await ann.peer.idle()
    assert ann.told() == ["lsp-orch: a.py is not yours any more: there is nothing to decide."]


async def test_who_does_not_wait_any_more_is_given_nothing(house: House, path: Path) -> None:
    ann = typing(house, path, **VSCODE)
    await house.write("s1", path)
    [question] = ann.asked()
    await house.event("s1", "SessionEnd")
    ann.answer(question, "Hand over")
    await ann.peer.idle()
    assert ann.told() == ["lsp-orch: a.py is still yours: Claude Code s1 does not wait for it any more."]
    assert await holders(house) == [("ann (Visual Studio Code)", State.DIRTY)]


async def test_an_editor_that_leaves_or_refuses_with_a_question_open_changes_nothing(
    house: House, path: Path
) -> None:
    ann = typing(house, path, **VSCODE)
    await house.write("s1", path)
    await house.write("s2", path)
    first, _ = ann.asked()
    ann.say({"jsonrpc": "2.0", "id": first["id"], "error": {"code": -32601, "message": "no"}})
    ann.leave(clean=False)
    await ann.peer.idle()
    assert await holders(house) == [("ann (Visual Studio Code)", State.VANISHED)]
