"""A few who want the same files, and what one of them does while the daemon dies of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.agents import Agent
from tests.chaos.checker import check
from tests.chaos.clients import Terminal
from tests.chaos.crashes import MARK
from tests.chaos.editors import Editor
from tests.chaos.history import DAEMON, Death, History, Outcome, Seen, Waiting, read, write
from tests.chaos.nursery import Daemons

LASTS_S = 600.0
SETTINGS = f"[leases]\nttl_s = {LASTS_S}\nhook_wait_s = 0.0\nvanished_s = {LASTS_S}\n"

Act = Callable[["Cast"], object]


class Cast:
    """Who takes part, and what they wrote down."""

    def __init__(self, workspace: Path) -> None:
        self.lines: list[bytes] = []
        where, ink = str(workspace), self.lines.append
        self.ann, self.bob, self.cem = (Terminal(name, where, LASTS_S, ink) for name in ("ann", "bob", "cem"))
        self.claude = Agent("claude", where, LASTS_S, ink)
        self.vim = Editor("vim", where, ink)
        self.everybody = (self.ann, self.bob, self.cem, self.claude, self.vim)

    def play(self, act: Act, daemons: Daemons) -> tuple[Outcome, str]:
        """Do it in such a way that the daemon dies of it: what came of it, and of which step it died."""
        since = time.monotonic()
        for each in self.everybody:
            each.more = {MARK: True}
        act(self)
        outcome = read(self.lines[-2:])[0][-1].outcome
        step = daemons.end()
        self.lines.append(write(Death(who=DAEMON, at=since, gone=time.monotonic())))
        for each in self.everybody:
            each.more = {}
            each.hang_up()
        return outcome, step

    def state(self) -> Any:
        """Who has what and who waits, whatever the tokens are."""
        self.ann.list()
        [seen] = read(self.lines[-2:])[0]
        assert seen.outcome is Outcome.OK
        return sorted(map(_told, seen.leases)), [_told(each) for each in seen.waiters]

    def findings(self) -> list[str]:
        """What all of it proves wrong."""
        ops, deaths = read(self.lines)
        return [
            each.told for each in check(History(ops=tuple(ops), deaths=tuple(deaths), vanished_s=LASTS_S))
        ]


def _told(seen: Seen | Waiting) -> tuple[str, ...]:
    return (seen.holder.partition("-")[0], seen.mode, *sorted(seen.resources))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """``before`` is done in peace; ``act`` is one request, at each step of which the daemon dies once."""

    before: Act
    act: Act


def all_is_free(_: Cast) -> None:
    """Nobody has anything."""


def some_hold_and_some_wait(cast: Cast) -> None:
    """And a person has unsaved work."""
    all_wait_for_ann(cast)
    cast.claude.write("c")
    cast.vim.type("d")


def all_wait_for_ann(cast: Cast) -> None:
    """For all that she has, or a part of it."""
    cast.ann.ask("a", "b")
    cast.bob.ask("a", mode="read")
    cast.cem.ask("a", "b", mode="read")


def bob_waits_for_claude(cast: Cast) -> None:
    """For a file that it writes."""
    cast.claude.write("a")
    cast.bob.ask("a")


SCENES = {
    "a grant": Scene(before=all_is_free, act=lambda cast: cast.ann.ask("a", "b")),
    "a place in the queue": Scene(
        before=lambda cast: cast.ann.ask("a"), act=lambda cast: cast.bob.ask("a", "b")
    ),
    "an upgrade": Scene(
        before=lambda cast: cast.ann.ask("a", mode="read"), act=lambda cast: cast.ann.ask("a")
    ),
    "a release": Scene(before=all_wait_for_ann, act=lambda cast: cast.ann.let_go()),
    "a hook": Scene(before=all_is_free, act=lambda cast: cast.claude.write("a")),
    "the end of a session": Scene(before=bob_waits_for_claude, act=lambda cast: cast.claude.end()),
    "a person types": Scene(before=all_is_free, act=lambda cast: cast.vim.type("a")),
}
