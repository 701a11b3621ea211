"""What people see of a write behind their back, and what is heard of agents at work."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.domain.events import ForeignWrite
from lsp_orch.domain.lease import Holder, Party
from lsp_orch.domain.version import Author
from lsp_orch.endpoints.hooks.event import holder, parse
from lsp_orch.endpoints.hooks.listener import HookListener
from lsp_orch.endpoints.hooks.news import HookNews
from lsp_orch.endpoints.hooks.role import Hooks
from lsp_orch.endpoints.witnesses import Witnesses
from tests.endpoints.house import House, Window
from tests.fixtures.clock import START, FakeClock

BOT = Author(id="s1", name="Bot")


@pytest.fixture
def path(house: House) -> Path:
    return house.file("a.py", "a = 1\n")


@pytest.fixture
def ann(house: House, path: Path) -> Window:
    ann = house.editor("ann")
    ann.open(path)
    return ann


def written(house: House, path: Path, text: str = "b = 2\n", **more: Any) -> ForeignWrite:
    """A stranger has written the file, and it is told."""
    path.write_text(text, encoding="utf-8")
    event = ForeignWrite(
        path=str(path),
        workspace=str(house.root),
        by=BOT,
        at=START,
        before="version-1",
        after="version-2",
        holders=(),
    )
    event = replace(event, **more)
    house.publish([event])
    return event


def codes(window: Window, path: Path) -> list[str]:
    return [each["code"] for each in window.diagnostics(path)]


SAID = (
    "a.py was written at 08:00 UTC by Bot, without holding it. "
    "What it said before is kept: `lsp-orch recover show --id version-1`."
)


async def test_who_looks_at_the_file_is_warned_once_and_sees_it_at_the_file(
    house: House, ann: Window, path: Path
) -> None:
    written(house, path)
    assert ann.told() == [f"lsp-orch: {SAID}"]
    (shown,) = ann.diagnostics(path)
    assert (shown["code"], shown["severity"], shown["source"]) == ("lease-stale-buffer", 2, "lsp-orch")
    assert shown["message"].startswith("Bot wrote this file at 08:00:00 UTC, after you opened it")


async def test_nothing_is_promised_that_was_not_kept(house: House, ann: Window, path: Path) -> None:
    written(house, path, before="", by=Author(id="", name="somebody outside"))
    assert ann.told()[0].endswith(
        "by somebody outside, without holding it. Nothing was kept of what it said before."
    )


async def test_a_buffer_that_was_read_anew_already_has_nothing_to_deal_with(
    house: House, ann: Window, path: Path
) -> None:
    ann.show(path, "b = 2\n")
    written(house, path)
    assert len(ann.told()) == 1
    assert codes(ann, path) == []


@pytest.mark.parametrize("way", ["save", "reload", "reopen"])
async def test_the_mark_stays_until_the_person_has_dealt_with_it(
    house: House, ann: Window, path: Path, way: str
) -> None:
    written(house, path)
    ann.show(path, "mine\n")
    await house.live()
    assert "lease-stale-buffer" in codes(ann, path)
    match way:
        case "save":
            house.file("a.py", "mine\n")
            ann.save(path)
        case "reload":
            ann.show(path, "b = 2\n")
        case _:
            ann.close(path)
            ann.open(path)
    await house.live()
    assert "lease-stale-buffer" not in codes(ann, path)


async def test_whoever_holds_is_warned_though_the_file_is_not_shown(house: House, path: Path) -> None:
    ann, bob = house.editor("ann"), house.editor("bob")
    me = Holder(id=ann.session.holder_id, kind=Party.HUMAN, name="ann")
    written(house, path, holders=(me,))
    assert (len(ann.told()), len(bob.told())) == (1, 0)


async def test_whoever_wrote_it_is_not_warned(house: House, ann: Window, path: Path) -> None:
    written(house, path, by=Author(id=ann.session.holder_id, name="ann"))
    assert ann.told() == []
    assert codes(ann, path) == []


# --- what agents say by their hooks ---


class Stand:
    """What hears the hooks, and what is known by it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.clock = FakeClock()
        self.witnesses = Witnesses()
        self.listener = HookListener(self.witnesses, house.paths, self.clock)

    def hears(self, name: str, tool: str = "Bash", session: str = "s1", **more: Any) -> None:
        document = {
            "hook_event_name": name,
            "session_id": session,
            "cwd": str(self.house.root),
            "tool_name": tool,
            "tool_use_id": "toolu_1",
            **more,
        }
        event = parse(document, 0, "/")
        self.listener.heard(event, holder(event, "Bot"))

    def at_work(self) -> list[str]:
        """The agents whose calls are not over."""
        return [each.by.id for each in self.witnesses.scene().calls if each.ended is None]


@pytest.fixture
def stand(house: House) -> Stand:
    return Stand(house)


async def test_a_tool_that_writes_one_file_names_it_and_a_shell_may_write_any(
    stand: Stand, house: House
) -> None:
    stand.hears("PreToolUse", "Edit", tool_input={"file_path": "sub/../a.py"})
    stand.hears(
        "PreToolUse", tool_use_id="toolu_2", tool_input={"command": "make", "run_in_background": True}
    )
    stand.hears("PreToolUse", "Read", tool_use_id="toolu_3", tool_input={"file_path": "a.py"})
    edit, shell = stand.witnesses.scene().calls
    assert (edit.paths, edit.open) == (frozenset({str(house.root / "a.py")}), False)
    assert (shell.paths, shell.open, shell.background) == (frozenset(), True, True)
    assert edit.workspace == shell.workspace == str(house.root)


@pytest.mark.parametrize(
    "name", ["PostToolUse", "PostToolUseFailure", "Stop", "UserPromptSubmit", "SessionEnd"]
)
async def test_a_call_is_over_when_its_end_is_told_or_could_not_be(stand: Stand, name: str) -> None:
    stand.hears("PreToolUse")
    stand.hears("PreToolUse", session="s2")
    stand.hears(name)
    assert stand.at_work() == ["s2"]


async def test_a_subagent_ends_for_itself_and_with_its_session(stand: Stand) -> None:
    stand.hears("PreToolUse")
    stand.hears("PreToolUse", agent_id="sub", tool_use_id="toolu_2")
    stand.hears("SubagentStop", agent_id="sub")
    assert stand.at_work() == ["s1"]
    stand.hears("PreToolUse", agent_id="sub", tool_use_id="toolu_3")
    stand.hears("SessionEnd")
    assert stand.at_work() == []


async def test_what_runs_in_the_background_ends_with_the_session_only(stand: Stand) -> None:
    stand.hears("PreToolUse", tool_input={"run_in_background": True})
    stand.hears("PostToolUse")
    assert [each.background for each in stand.witnesses.scene().calls] == [True]
    stand.hears("SessionEnd")
    assert [each.background for each in stand.witnesses.scene().calls] == [False]


async def test_what_can_explain_nothing_any_more_is_forgotten(stand: Stand) -> None:
    stand.hears("PreToolUse")
    stand.hears("PostToolUse")
    stand.clock.advance(3600)
    stand.hears("PreToolUse", session="s2")
    assert [each.by.id for each in stand.witnesses.scene().calls] == ["s2"]


async def test_a_refused_call_does_not_run(house: House, stand: Stand, path: Path, ann: Window) -> None:
    ann.show(path, "ann's")
    await house.live()
    hooks = Hooks(
        desk=house.desk,
        leases=house.leases,
        sessions=house.sessions,
        tool_use=house.hooks._tool_use,
        recall=house,
        paths=house.paths,
        guests=house.guests,
        news=HookNews(house.inboxes, house.relatives.settled),
        listener=stand.listener,
    )
    verdict = await hooks.answer(parse(house.tool("s1", path), 0, "/"))
    assert verdict.exit == 2
    assert stand.at_work() == []
    assert len(stand.witnesses.scene().calls) == 1
