"""The run: sixteen clients at once, and somebody who kills them and their daemon at random moments."""

import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.history import DAEMON, Death, History, Op, read, write
from tests.chaos.lives import FILES, STOPPED_S, TTL_S
from tests.fixtures import processes
from tests.fixtures.daemon import HOME, Instance

REPOSITORY = Path(__file__).parents[2]
CLIENTS = (*("keeper",) * 3, *("terminal",) * 6, *("agent",) * 4, *("editor",) * 3)
TICKET_S, VANISHED_S = 6.0, 2.0
SETTINGS = f"""\
[leases]
ttl_s = {TTL_S}
stopped_s = {STOPPED_S}
hook_wait_s = 0.3
ticket_s = {TICKET_S}
vanished_s = {VANISHED_S}
[reaper]
freeze_s = 1.0
"""
_DAEMON_LIVES_S, _STARTS_S, _CLIENT_LIVES_S = (2.0, 5.0), (0.0, 1.0), (0.5, 2.0)
_SOON_S = 60.0


@dataclass(slots=True)
class _Life:
    """One process of a client, and the lines it has written."""

    kind: str
    number: int
    again: int
    process: subprocess.Popen[bytes]
    lines: list[bytes] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.kind}{self.number}.{self.again}"


class Run:
    """Everybody who takes part, and what they wrote."""

    def __init__(self, instance: Instance, seed: int) -> None:
        self._instance = instance
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - it is to be the same again
        self._lives: list[_Life] = []
        self._readers: list[threading.Thread] = []
        self._deaths: list[Death] = []
        self._answers = 0
        self._answered = threading.Condition()
        self.killed = {"daemon": 0, "daemon at its start": 0, "client": 0}
        for name in FILES:
            (instance.workspace / name).write_text("as it was\n", encoding="utf-8")
        (instance.home / "config").mkdir(parents=True)
        (instance.home / "config" / "config.toml").write_text(SETTINGS, encoding="utf-8")
        self.faults = instance.home / "faults"

    def play(self, seconds: float) -> None:
        """Let them work, and kill at random; everybody is dead when this returns."""
        over = time.monotonic() + seconds
        try:
            for number, kind in enumerate(CLIENTS):
                self._start(kind, number, 0)
            self._wait_for_answers(len(CLIENTS))
            self._kill_until(over)
        finally:
            for life in self._lives:
                self._kill(life)

    def settle(self) -> None:
        """Let the heir see to it that nobody waits any more."""
        heir = self._start("heir", 0, 0)
        assert heir.process.wait(_SOON_S) == 0, self.faults.read_text(encoding="utf-8")

    def history(self) -> History:
        """All that was written down, once everybody has ended."""
        for each in self._readers:
            each.join(_SOON_S)
        ops: list[Op] = []
        deaths = list(self._deaths)
        for life in self._lives:
            wrote, lost = read(life.lines)
            ops += wrote
            deaths += lost
        return History(ops=tuple(ops), deaths=tuple(deaths), ticket_s=TICKET_S, vanished_s=VANISHED_S)

    def keep(self, folder: Path) -> None:
        """Write down what everybody wrote, so that it can be looked at."""
        for life in self._lives:
            (folder / life.name).write_bytes(b"".join(life.lines))
        (folder / "deaths").write_bytes(b"".join(map(write, self._deaths)))

    def _kill_until(self, over: float) -> None:
        chance, now, starts = self._chance, time.monotonic(), -1
        daemon, client = now + chance.uniform(*_DAEMON_LIVES_S), now + chance.uniform(*_CLIENT_LIVES_S)
        while (due := min(daemon, client)) < over:
            self._rest(due)
            if due == client:
                life = chance.choice([each for each in self._lives if each.process.returncode is None])
                self._kill(life)
                self._start(life.kind, life.number, life.again + 1)
                client = time.monotonic() + chance.uniform(*_CLIENT_LIVES_S)
            else:
                self._kill_daemon("daemon")
                starts += 1
                if starts % 3 == 0:
                    self._rest(time.monotonic() + chance.uniform(*_STARTS_S))
                    self._kill_daemon("daemon at its start")
                self._wait_for_answers(1)  # however slow the machine is
                daemon = time.monotonic() + chance.uniform(*_DAEMON_LIVES_S)

    def _rest(self, until: float) -> None:
        """Let them work; a client that ends by itself ends the run."""
        with self._answered:
            left = self._answered.wait_for(self._broken, max(0.0, until - time.monotonic()))
        assert not left, self.faults.read_text(encoding="utf-8")

    def _broken(self) -> bool:
        return any(each.process.poll() not in {None, -9} for each in self._lives)

    def _wait_for_answers(self, number: int) -> None:
        with self._answered:
            enough = self._answers + number
            got_on = self._answered.wait_for(lambda: self._answers >= enough, _SOON_S)
        assert got_on, f"nobody was answered for {_SOON_S:.0f} s"

    def _kill_daemon(self, what: str) -> None:
        at = time.monotonic()
        carrying = processes.carrying(HOME, self._instance.home)
        found = [each for each in carrying if any("lsp_orch.daemon" in word for word in each.info["cmdline"])]
        processes.end(found)
        if found:
            self._deaths.append(Death(who=DAEMON, at=at, gone=time.monotonic()))
            self.killed[what] += 1

    def _kill(self, life: _Life) -> None:
        if life.process.returncode is None:
            at = time.monotonic()
            life.process.kill()
            life.process.wait()
            self._deaths.append(Death(who=life.name, at=at, gone=time.monotonic()))
            self.killed["client"] += 1

    def _start(self, kind: str, number: int, again: int) -> _Life:
        name = f"{kind}{number}.{again}"
        with self.faults.open("ab") as faults:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.lives", kind, name, f"{self._seed} {name}"],
                cwd=self._instance.workspace,
                env=self._instance.env | {"PYTHONPATH": str(REPOSITORY)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=faults,
            )
        life = _Life(kind=kind, number=number, again=again, process=process)
        self._lives.append(life)
        reader = threading.Thread(target=self._read, args=(life,))
        self._readers.append(reader)
        reader.start()
        return life

    def _read(self, life: _Life) -> None:
        assert life.process.stdout
        assert life.process.stdin
        with life.process.stdout, life.process.stdin:
            for line in life.process.stdout:
                life.lines.append(line)
                if b'"outcome": "ok"' in line:
                    with self._answered:
                        self._answers += 1
                        self._answered.notify_all()
