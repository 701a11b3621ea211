"""What a person may do about a lease from their editor, and what is offered to whom."""

from pathlib import Path
from typing import Any

import pytest

from lsp_orch.domain.lease import State
from lsp_orch.endpoints.lsp import offers
from lsp_orch.endpoints.lsp.offers import OFFERS, Standing
from tests.endpoints.house import House, Window, uri


@pytest.fixture
def path(house: House) -> Path:
    return house.file("a.py", "a = 1\n")


@pytest.fixture
def ann(house: House, path: Path) -> Window:
    ann = house.editor("ann")
    ann.open(path)
    return ann


@pytest.fixture
def bob(house: House, path: Path) -> Window:
    bob = house.editor("bob")
    bob.open(path)
    return bob


async def holders(house: House) -> list[tuple[str, State]]:
    return [(lease.holder.name, lease.state) for lease in await house.live()]


async def titles(window: Window, path: Path) -> list[str]:
    return [each["title"].removeprefix("lsp-orch: ") for each in await window.actions(path)]


def codes(window: Window, path: Path) -> list[str]:
    return [each["code"] for each in window.diagnostics(path)]


def steal(house: House, path: Path, name: str = "bot") -> Any:
    """A program claims a file."""
    params = {"paths": [path.name], "workspace": str(house.root), "as": name, "reason": "release day"}
    return house.terminal().ask("lease.steal", params)


# --- what is offered ---


async def test_who_one_is_to_a_file_decides_what_is_offered(
    house: House, ann: Window, bob: Window, path: Path
) -> None:
    assert await titles(ann, path) == []
    ann.show(path, "x")
    await house.live()
    assert await titles(ann, path) == ["Release this file"]
    ask, take, watch = await titles(bob, path)
    assert ask == "Ask for this file (held by ann (Vim))"
    assert take == "Take this file from ann (Vim)"
    assert watch == "Tell me when this file is free or changes hands"
    await bob.execute("request", uri(path))
    assert await titles(bob, path) == ["Stop waiting for this file", take, watch]
    assert await titles(ann, path) == ["Release this file", "Hand this file over to bob (Vim)"]


async def test_who_is_about_to_lose_a_file_is_offered_to_keep_it(
    house: House, ann: Window, path: Path
) -> None:
    await ann.execute("request", uri(path))
    await steal(house, path)
    assert await titles(ann, path) == [
        "Keep this file",
        "Hand this file over to bot",
        "Release this file",
    ]
    [told] = ann.diagnostics(path)
    assert (told["code"], told["severity"]) == ("lease-claimed", 2)
    assert told["message"].startswith("bot takes this file at 08:01:00 UTC (release day), unless you keep it")


def test_the_table_has_a_row_for_each_standing() -> None:
    assert set(OFFERS) == set(Standing)


async def test_every_command_that_is_offered_is_one_that_the_server_has(ann: Window) -> None:
    commands = {each for each in vars(offers).values() if str(each).startswith("lspOrch.lease.")}
    assert commands == set(ann.session._commands.table())


# --- taking ---


@pytest.mark.parametrize("typed", [False, True])
async def test_a_person_takes_what_an_agent_holds_at_once_and_the_agent_is_told_why(
    house: House, ann: Window, path: Path, *, typed: bool
) -> None:
    await house.write("s1", path)
    if typed:
        ann.show(path, "x")
    answer = await ann.execute("steal", uri(path), "hotfix")
    assert answer["result"]["granted"]
    assert await holders(house) == [("ann (Vim)", State.DIRTY if typed else State.HELD)]
    assert "ann (Vim) has a.py now: hotfix." in house.inboxes.take("s1")


async def test_a_person_takes_what_another_person_types_and_the_next_keystroke_waits(
    house: House, ann: Window, bob: Window, path: Path
) -> None:
    ann.show(path, "x")
    assert (await bob.execute("steal", uri(path)))["result"]["granted"]
    assert ann.told() == ["lsp-orch: a.py - bob (Vim) has taken it."]
    ann.show(path, "xy")
    await house.live()
    [told] = ann.diagnostics(path)
    assert (told["code"], told["severity"]) == ("lease-held", 2)


async def test_why_a_person_holds_a_file_is_shown_when_they_said_it(
    house: House, ann: Window, bob: Window, path: Path
) -> None:
    await ann.execute("steal", uri(path), "hotfix")
    await house.write("s1", path)
    [told] = bob.diagnostics(path)
    assert told["message"] == (
        "ann (Vim) is working on this file since 08:00 UTC (hotfix). Claude Code s1 waits for it."
    )


@pytest.mark.parametrize("more", [[3], ["why", "what"], [["why"]]])
async def test_a_reason_that_is_none_is_refused(
    house: House, ann: Window, path: Path, more: list[Any]
) -> None:
    answer = await ann.execute("steal", uri(path), *more)
    assert answer["error"]["data"]["code"] == "bad-request"
    assert await house.live() == []


# --- handing over ---


async def test_a_file_is_handed_over_to_whoever_waits_first(
    house: House, ann: Window, bob: Window, path: Path
) -> None:
    ann.show(path, "x")
    await bob.execute("request", uri(path))
    await house.write("s1", path)
    answer = await ann.execute("handover", uri(path), None)
    assert answer["result"]["lease"]["holder"]["name"] == "bob (Vim)"
    assert "lsp-orch: a.py went to bob (Vim)." in ann.told()
    assert bob.told()[-1] == "lsp-orch: a.py is yours now."
    ann.show(path, "xy")
    await house.live()
    assert codes(ann, path) == ["lease-held"]


@pytest.mark.parametrize("name", ["s2", "Claude Code s2"])
async def test_a_file_is_handed_over_to_whoever_is_named(
    house: House, ann: Window, path: Path, name: str
) -> None:
    ann.show(path, "x")
    await house.write("s1", path)
    await house.write("s2", path)
    assert "result" in await ann.execute("handover", uri(path), name)
    assert await holders(house) == [("Claude Code s2", State.HELD)]


async def test_nothing_is_handed_over_that_one_does_not_hold_or_to_nobody(
    house: House, ann: Window, path: Path
) -> None:
    async def refused(*arguments: Any) -> str:
        answer = await ann.execute("handover", *arguments)
        return str(answer["error"]["data"]["code"])

    assert await refused(uri(path)) == "lease-not-found"
    await house.write("s1", path)
    assert await refused(uri(path)) == "lease-not-yours"
    await house.event("s1", "SessionEnd")
    await ann.execute("request", uri(path))
    assert await refused(uri(path)) == "session-not-found"
    assert await refused(uri(path), "nobody") == "session-not-found"
    assert await refused(uri(path), ann.session.holder_id) == "session-not-found"
    assert await refused("file:///elsewhere.py") == "path-outside"
    assert await holders(house) == [("ann (Vim)", State.HELD)]


# --- keeping ---


async def test_a_person_who_objects_keeps_the_file(house: House, ann: Window, path: Path) -> None:
    await ann.execute("request", uri(path))
    await steal(house, path)
    assert (await ann.execute("object", uri(path)))["result"] == {"kept": True}
    assert codes(ann, path) == ["lease-waited"]
    await house.pass_time(61)
    assert await holders(house) == [("ann (Vim)", State.HELD)]


async def test_a_person_who_does_not_object_loses_what_they_have_not_typed_into(
    house: House, ann: Window, path: Path
) -> None:
    await ann.execute("request", uri(path))
    await steal(house, path)
    await house.pass_time(61)
    assert await holders(house) == [("bot", State.HELD)]
    late = await ann.execute("object", uri(path))
    assert late["error"]["data"]["code"] == "lease-not-yours"
    assert ann.told()[-1] == "lsp-orch: a.py - bot has taken it: release day."


# --- watching ---


async def test_who_watches_is_told_of_each_new_holder_and_of_the_end_and_queues_for_nothing(
    house: House, ann: Window, bob: Window, path: Path
) -> None:
    await house.write("s1", path)
    await house.write("s2", path)
    assert (await ann.execute("watch", uri(path)))["result"] == {"watching": True}
    assert (await titles(ann, path))[-1] == "Tell me no more about this file"
    await house.event("s1", "SessionEnd")
    await house.live()
    assert ann.told() == ["lsp-orch: a.py is with Claude Code s2 now."]
    await house.event("s2", "SessionEnd")
    await house.live()
    assert ann.told()[1:] == ["lsp-orch: a.py is free now."]
    assert bob.told() == []
    assert await titles(ann, path) == ["Tell me no more about this file"]
    assert (await ann.execute("unwatch", uri(path)))["result"] == {"watching": False}
    await house.write("s3", path)
    await house.live()
    assert len(ann.told()) == 2
    assert await house.look(lambda tx: tx.waiters.waiting()) == []


async def test_who_watches_is_told_when_the_folder_around_the_file_is_taken(
    house: House, ann: Window, path: Path
) -> None:
    await ann.execute("watch", uri(path))
    params = {"paths": ["./"], "workspace": str(house.root), "as": "bot"}
    await house.terminal().ask("lease.acquire", params)
    assert ann.told() == ["lsp-orch: a.py is with bot now."]
    assert codes(ann, path) == ["lease-held"]


async def test_what_one_gets_oneself_is_told_once(house: House, ann: Window, path: Path) -> None:
    await house.write("s1", path)
    await ann.execute("watch", uri(path))
    await ann.execute("request", uri(path))
    await house.event("s1", "SessionEnd")
    await house.live()
    assert ann.told() == ["lsp-orch: a.py is yours now."]
