"""Who does tasks, and what they are started with."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lsp_orch.domain.reply import Reply
from lsp_orch.domain.result import schema


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

    One that ``resumes`` goes on with the call at which its session was parked; the prompt it knows. One with
    ``resume_of`` goes on with what that session knows, and is told the prompt: in that very session, or with
    ``fork`` as ``session_id``, a new one that begins with the same story.

    ``schema`` is the JSON Schema of what it hands back. It may read ``add_dirs`` beside its folder;
    ``system_text`` is added to what it is, ``mcp_config`` names the file of the only MCP servers it has, and
    ``fallback_model`` answers while ``model`` is overloaded; empty is none. Of Claude Code's own tools it has
    ``tools`` only, where that is not None; what lies in the folders ``read_only`` it cannot change.
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
    schema: Mapping[str, object] = field(default_factory=schema)
    fallback_model: str = ""
    mcp_config: str = ""
    add_dirs: tuple[str, ...] = ()
    system_text: str = ""
    resume_of: str = ""
    fork: bool = False
    tools: tuple[str, ...] | None = None
    read_only: tuple[str, ...] = ()


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

    def reply(self) -> Reply:
        """What it came to, once it has been ended."""

    async def end(self, grace_s: float) -> None:
        """Stop it and all it has started: asked first, told after ``grace_s``; returns when all are gone."""


class Worker(Protocol):
    """Somebody who does tasks."""

    async def start(self, job: Job) -> Run:
        """Begin; raises Unavailable when the program cannot be started."""


ReadLog = Callable[[str, int], tuple[list[str], int]]
"""The whole lines of a file from a place (in bytes) on, up to a limit, and the place after them."""
