"""Who does tasks, and what they are started with."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from lsp_orch.domain.result import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a worker asks before it writes, and what it shows there."""

    url: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelter:
    """A worker's shell is shut in: it writes below its folder and ``writable`` only.

    ``nested`` where the machine is itself a container.
    """

    nested: bool
    writable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a worker is started with; ``log`` is the file that its events are kept in.

    One that ``resumes`` goes on with the call at which its session was parked; the prompt it knows.
    """

    session_id: str
    folder: str
    prompt: str
    model: str
    max_usd: float
    max_turns: int
    check: str
    log: str
    entry: Entry
    resumes: bool = False
    shelter: Shelter | None = None


class Run(Protocol):
    """One worker at work, in a process of its own."""

    @property
    def pid(self) -> int:
        """Its process."""

    @property
    def started(self) -> float:
        """When that began, as ``Processes.started`` says it."""

    def events(self) -> AsyncGenerator[str, None]:
        """The kind of each event as it comes, each one a sign of life; ends when the worker has."""

    def say(self, text: str) -> None:
        """Send it a message, which it reads before it goes on."""

    def outcome(self) -> Outcome:
        """What it came to, once it has been ended."""

    async def end(self, grace_s: float) -> None:
        """Stop it and all it has started: asked first, told after ``grace_s``; returns when all are gone."""


class Worker(Protocol):
    """Somebody who does tasks."""

    async def start(self, job: Job) -> Run:
        """Begin; raises Unavailable when the program cannot be started."""


ReadLog = Callable[[str, int], tuple[list[str], int]]
"""The whole lines of a file from a place (in bytes) on, up to a limit, and the place after them."""
