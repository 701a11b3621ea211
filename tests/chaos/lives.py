"""One life of one client: it does what it likes until it is ended.

``python -m tests.chaos.lives KIND NAME SEED``, in an instance's environment and workspace. What it holds, it
loses to the rules, not by a goodbye.
"""

import os
import random
import select
import sys
from collections.abc import Callable
from pathlib import Path

from lsp_orch.client.call import Call
from tests.chaos.agents import Agent
from tests.chaos.clients import Terminal, seen
from tests.chaos.editors import Editor

Step = Callable[[], object]

FILES = tuple(f"{name}.txt" for name in "abcdefghij")
TTL_S, STOPPED_S, KEEPER_TTL_S = 3.0, 1.0, 600.0  # a keeper's leases outlast the run
_PAUSE_S = (0.02, 0.2)  # between two steps
_SOON_S = 30.0


def main() -> None:
    """Until stdin ends."""
    kind, name, seed = sys.argv[1:]
    chance = random.Random(seed)  # noqa: S311 - it is to be the same again
    step = KINDS[kind](name, str(Path.cwd()), chance)
    while not select.select([sys.stdin], [], [], chance.uniform(*_PAUSE_S))[0]:
        step()


def terminal(name: str, workspace: str, chance: random.Random) -> Step:
    """Mostly asks, and lets go of it soon."""
    keeps = name.startswith("keeper")
    who = Terminal(name, workspace, KEEPER_TTL_S if keeps else TTL_S, ink)
    leases: list[str] = []

    def ask() -> None:
        files = chance.sample(FILES, chance.choice((1, 1, 2, 3)))
        mode, wait_s = chance.choice(("write", "write", "read")), chance.choice((0.0, 0.0, 0.3, 1.0))
        leases.extend(each["id"] for each in who.ask(*files, mode=mode, wait_s=wait_s))

    def let_go() -> None:
        who.let_go()
        leases.clear()

    def give() -> None:
        if leases:
            who.give(leases.pop())

    def renew() -> None:
        if leases:
            who.renew(leases[-1])

    return any_of(chance, {ask: 6, let_go: 9, give: 2, renew: 2, who.list: 4})


def agent(name: str, workspace: str, chance: random.Random) -> Step:
    """Mostly writes."""
    who = Agent(name, workspace, TTL_S, ink)
    write, wrote = (lambda: who.write(chance.choice(FILES))), (lambda: who.wrote(chance.choice(FILES)))
    return any_of(chance, {write: 6, wrote: 3, who.hear: 1, lambda: who.stop(STOPPED_S): 3, who.end: 2})


def editor(name: str, workspace: str, chance: random.Random) -> Step:
    """Mostly types and saves."""
    who = Editor(name, workspace, ink)

    def on_what_is_open(do: Callable[[str], None]) -> Step:
        return lambda: do(chance.choice(sorted(who.open))) if who.open else None

    save, close = on_what_is_open(who.save), on_what_is_open(who.close)
    return any_of(chance, {lambda: who.type(chance.choice(FILES)): 6, save: 6, close: 6, who.vanish: 1})


def heir(name: str, workspace: str, _: random.Random) -> Step:
    """Comes when all others are dead, and sees to it that everybody who waits has had their turn."""
    who = Terminal(name, workspace, TTL_S, ink)

    def inherit() -> None:
        with Call() as watch:
            watch.line.socket.settimeout(_SOON_S)
            watch.request("lease.watch", {"workspace": workspace})
            news = watch.notifications()
            while any(seen(each)["holder"].startswith(("agent", "editor")) for each in who.list()):
                next(news)
        who.give_all()
        sys.exit()

    return inherit


def any_of(chance: random.Random, steps: dict[Step, int]) -> Step:
    """One of them, as likely as it says."""

    def step() -> None:
        chance.choices(list(steps), list(steps.values()))[0]()

    return step


def ink(line: bytes) -> None:
    """Write it down where it outlives us."""
    view = memoryview(line)
    while view:
        view = view[os.write(1, view) :]


KINDS = {"keeper": terminal, "terminal": terminal, "agent": agent, "editor": editor, "heir": heir}

if __name__ == "__main__":
    main()
