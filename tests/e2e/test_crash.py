"""``kill -9`` of the daemon, again and again, under clients that go on: what they were told stays true."""

import os
import random
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from tests.fixtures.daemon import Instance

KILLS = 8
MOST_BETWEEN = 60  # acknowledgements
_SOON_S = 30.0

Answer = dict[str, Any]


class Told:
    """What clients were told, written down when they were told it."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.held: dict[str, Answer] = {}
        self.given_back: set[str] = set()
        self.tokens: set[int] = set()
        self.tasks: dict[str, str] = {}
        self.notes: set[str] = set()
        self.inside = ""  # who has the file that all want
        self._acknowledged = 0
        self._news = threading.Condition()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write one acknowledgement down."""
        with self._news:
            yield
            self._acknowledged += 1
            self._news.notify_all()

    def granted(self, lease: Answer) -> None:
        """A new grant: its token is nobody else's."""
        assert lease["token"] not in self.tokens
        self.tokens.add(lease["token"])

    def wait_for_more(self, number: int) -> None:
        """Return after so many more acknowledgements."""
        with self._news:
            enough = self._acknowledged + number
            assert self._news.wait_for(lambda: self._acknowledged >= enough, _SOON_S)


class Client(ABC):
    """Goes on when the daemon dies: it connects anew, which starts another daemon."""

    def __init__(self, told: Told, name: str, workspace: str) -> None:
        self.told = told
        self.name = name
        self.workspace = workspace
        self.chance = random.Random(name)  # noqa: S311 - it is to be the same again
        self._call: Call | None = None

    def ask(self, method: str, **params: Any) -> Answer | None:
        """The answer, or None when the daemon died before it came."""
        try:
            self._call = self._call or Call()
            answer: Answer = self._call.request(method, {"workspace": self.workspace, **params})
        except ClientError as error:
            if error.code != "daemon-unreachable":
                raise
            self._hang_up()
            return None
        return answer

    def work(self) -> None:
        """Until it is over."""
        numbers = count()
        while not self.told.over.is_set():
            self.step(next(numbers))
        self._hang_up()

    @abstractmethod
    def step(self, number: int) -> None:
        """Ask for something."""

    def _hang_up(self) -> None:
        if self._call:
            self._call.line.close()
        self._call = None


class Holder(Client):
    """Takes files of its own, keeps every other one, and queues for a file that all want."""

    def step(self, number: int) -> None:
        if self.chance.random() < 0.3:
            self._share()
        else:
            self._own(f"{self.name}-{number}.txt", keep=self.chance.random() < 0.5)

    def _own(self, path: str, *, keep: bool) -> None:
        answer = self.ask("lease.acquire", paths=[path], ttl_s=3600.0, **{"as": self.name})
        if answer is None:
            return
        lease = answer["lease"]
        with self.told.writing():
            self.told.granted(lease)
            self.told.held[lease["id"]] = lease
        if not keep:
            del self.told.held[lease["id"]]  # from here on it may be gone
            if self.ask("lease.release", ids=[lease["id"]]):
                with self.told.writing():
                    self.told.given_back.add(lease["id"])

    def _share(self) -> None:
        name = {"as": f"{self.name}, sharing"}
        answer = self.ask("lease.acquire", paths=["shared.txt"], ttl_s=3600.0, wait_s=0.2, **name)
        if answer and answer["granted"]:
            with self.told.writing():
                self.told.granted(answer["lease"])
                assert not self.told.inside, "two have it"
                self.told.inside = self.name
            self.told.inside = ""
        while not (self.ask("lease.release", **name) or self.told.over.is_set()):
            pass  # the daemon has died over it: its successor is asked again


class Filer(Client):
    """Files tasks that can't start, and asks again with the same key when no answer came."""

    root = ""

    def step(self, number: int) -> None:
        key = f"{self.name}-{number}"
        while not self.told.over.is_set():
            if answer := self.ask("task.add", prompt="later", after=[self.root], key=key):
                with self.told.writing():
                    self.told.tasks[key] = answer["task"]["id"]
                return


class Noter(Client):
    """Writes notes down."""

    def step(self, number: int) -> None:
        fact = f"{number} {self.chance.getrandbits(64):x}"
        if answer := self.ask("vault.add", title=f"Fact {fact}", body=f"It is {fact}."):
            with self.told.writing():
                self.told.notes.add(answer["note"]["id"])


def test_nothing_that_was_acknowledged_is_lost_and_no_token_comes_twice(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.env["LSP_ORCH_CLAUDE"] = "/nowhere/claude"
    for name, value in instance.env.items():
        monkeypatch.setenv(name, value)
    root = instance.json("task", "add", "never", "--attempts", "1")["task"]["id"]
    instance.json("task", "wait", root, status=1)
    monkeypatch.setattr(Filer, "root", root)
    told, workspace = Told(), str(instance.workspace)
    clients: list[Client] = [Holder(told, name, workspace) for name in ("ann", "bob", "cem")]
    clients += [Filer(told, "filer", workspace), Noter(told, "noter", workspace)]
    chance = random.Random(7)  # noqa: S311 - it is to be the same again
    killed: set[int] = set()
    with ThreadPoolExecutor(len(clients)) as pool:
        working = [pool.submit(each.work) for each in clients]
        try:
            for _ in range(KILLS):
                daemon = _next_daemon(instance, told, killed)
                told.wait_for_more(chance.randint(1, MOST_BETWEEN))
                os.kill(daemon, signal.SIGKILL)  # at once: what was just acknowledged must be on disk
                killed.add(daemon)
            told.wait_for_more(MOST_BETWEEN)
        finally:
            told.over.set()
            for each in working:
                each.result(_SOON_S)
    assert len(killed) == KILLS
    _leases_are_as_told(instance, told)
    tasks = [task["key"] for task in instance.json("task", "list")["tasks"] if task["key"]]
    assert len(tasks) == len(set(tasks))
    assert set(told.tasks) <= set(tasks)
    assert told.notes <= {note["id"] for note in instance.json("vault", "list")["notes"]}
    assert min(len(told.held), len(told.given_back), len(told.tasks), len(told.notes)) > 0


def _next_daemon(instance: Instance, told: Told, killed: set[int]) -> int:
    while (pid := instance.pid()) is None or pid in killed:
        told.wait_for_more(1)
    return pid


def _leases_are_as_told(instance: Instance, told: Told) -> None:
    leases = instance.json("lease", "list")["leases"]
    now = {lease["id"]: lease["token"] for lease in leases}
    assert {each: lease["token"] for each, lease in told.held.items()}.items() <= now.items()
    assert not told.given_back & set(now)
    paths = [path for lease in leases for path in lease["resources"]]
    assert len(paths) == len(set(paths))
    new = instance.json("lease", "acquire", "another.txt", "--as", "dan")["lease"]
    assert new["token"] > max(told.tokens)
