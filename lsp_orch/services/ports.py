"""What the services need of the world; each adapter implements one of these."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.note import Filed, Note
from lsp_orch.domain.recall import Filter, Matches
from lsp_orch.domain.repository import Checkout
from lsp_orch.domain.result import Outcome
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.shell.writes import Writes
from lsp_orch.domain.version import Content
from lsp_orch.domain.words import Question

SettingsOf = Callable[[str], Settings]
"""What counts in a workspace: an absolute path, or empty where there is none."""


class Clock(Protocol):
    """Time, so that tests own it."""

    def now(self) -> float:
        """Seconds since the epoch (UTC); whoever sets the machine's clock moves it."""

    def steady(self) -> float:
        """Seconds of a clock that nobody sets and that goes on while the machine sleeps."""

    def awake(self) -> float:
        """The same, without the time that the machine slept, where the system can tell."""


class Ids(Protocol):
    """Chance, so that tests own it."""

    def new(self, kind: str) -> str:
        """Make an id nobody has: ``kind`` and a hyphen, then twelve characters."""


class Processes(Protocol):
    """Who is alive on this machine. A pid alone says nothing: it is reused."""

    def started(self, pid: int) -> float | None:
        """When the process began, in a count of the machine's that setting the clock does not move.

        None when there is no such process.
        """

    def alive(self, pid: int, started: float) -> bool:
        """Whether the very process that began then still runs."""

    def end(self, session_id: str, pid: int, started: float, grace_s: float) -> bool:
        """End a worker's process, all below it and all that carry the session's id, wherever they went.

        They are told, and killed after ``grace_s``; whether none is left.
        """


class Deaths(Protocol):
    """Tells of the end of a process at once, so that nobody need ask."""

    def watch(self, pid: int, started: float, tell: Callable[[], None]) -> Callable[[], None]:
        """Call ``tell`` once when the very process that began then has ended; the answer ends the watch.

        Where the system cannot, or too many are watched, nothing is ever told. Call it on the event loop.
        """


class Paths(Protocol):
    """Where a path really leads."""

    def canonical(self, path: str, base: str) -> str:
        """Resolve links and ``..``, seen from the folder ``base``; the file need not exist.

        Raises:
            Misuse: no file can have that name.
        """

    def workspace(self, path: str) -> str:
        """Find the checkout that holds the canonical ``path``; empty when none does."""

    def repository(self, workspace: str) -> str:
        """What all worktrees of a checkout's repository share; the workspace itself where there is none."""

    def exists(self, path: str) -> bool:
        """Whether there is anything at the canonical ``path``."""

    def files(self, folder: str, most: int) -> list[str]:
        """The first files below a folder that are not git's own, by their names; links are not followed."""

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at the canonical ``path``."""

    def says(self, path: str, text: str) -> bool:
        """Whether there is a file at the canonical ``path`` that says just ``text``."""

    def text(self, path: str) -> str:
        """What the file at the canonical ``path`` says in UTF-8; empty when it cannot be read as that."""

    def unsaved(self, path: str, text: str) -> bool:
        """Whether a buffer that opens with ``text`` has what the file has not; when in doubt, no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One changed file; the counts of lines are None for a binary one."""

    path: str
    added: int | None
    removed: int | None


class Git(Protocol):
    """Worktrees, snapshots and merges. Folders are absolute, commits are full names.

    Every method raises Unavailable when git fails, is missing, or finds no repository.
    """

    def top_level(self, folder: str) -> str:
        """The checkout that holds ``folder``."""

    def repository(self, folder: str) -> str:
        """What all worktrees of one repository share."""

    def head(self, folder: str) -> str:
        """The commit that is checked out."""

    def add_worktree(self, workspace: str, path: str, branch: str, base: str) -> None:
        """Make a checkout of ``base``, complete or not at all; an empty branch means none."""

    def remove_worktree(self, workspace: str, path: str, branch: str = "") -> None:
        """Take it away again, and its branch; nothing happens where none is."""

    def commit_all(self, worktree: str, branch: str, message: str) -> str:
        """Commit whatever is there; the commit the work came to."""

    def snapshot(self, worktree: str, ref: str) -> str:
        """Keep the tree as it is under ``ref`` without touching the index; the commit."""

    def keep(self, workspace: str, ref: str, commit: str) -> None:
        """Let ``ref`` hold ``commit``."""

    def changes(self, workspace: str, base: str, tip: str) -> tuple[FileChange, ...]:
        """What the work between two commits changed."""

    def diff(self, workspace: str, base: str, tip: str) -> str:
        """The same as a unified diff."""

    def merge(self, worktree: str, tip: str, message: str) -> tuple[str, ...]:
        """Merge into a throw-away worktree; the conflicting paths, if any."""

    def obstacles(self, workspace: str, commit: str) -> tuple[str, ...]:
        """The user's files that moving to ``commit`` would touch or that are not committed."""

    def fast_forward(self, workspace: str, commit: str) -> None:
        """Move the user's checkout forward to ``commit``."""


class Repositories(Protocol):
    """Which repository a checkout is of. A root is the canonical folder of a workspace."""

    def known(self, root: str) -> Checkout | None:
        """What was found out before, if that still holds; costs nothing."""

    def find(self, root: str) -> Checkout:
        """Find out, and remember it; may start programs."""

    def branch(self, root: str) -> str:
        """The branch that is checked out in a known checkout; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a running agent's session takes messages; the token is never shown."""

    socket: str
    token: str = field(repr=False)


class Messenger(Protocol):
    """Reaches running sessions."""

    async def send(self, to: Address, text: str) -> bool:
        """Hand over a message; whether somebody took it. What becomes of it there nobody says."""


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


class Fences(Protocol):
    """Paths that the system itself lets nobody write whom a worker's shell has started.

    Every method raises Unavailable (fence-missing).
    """

    def put(self, folder: str, paths: Sequence[str]) -> None:
        """Let those who work in ``folder`` write none of ``paths``, and all that was fenced before."""

    def left(self) -> Sequence[str]:
        """The folders in which a daemon that has died left a fence."""


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


class Checks(Protocol):
    """Runs the command that must succeed before work is merged."""

    def run(self, command: str, folder: str, limit_s: float) -> str:
        """Empty when it succeeded, else its last lines or that it did not end in time."""


class Contents(Protocol):
    """What files say, kept by its digest, each content once; whole or not at all. Paths are canonical.

    A refusal is ``content-not-kept``: the file is larger than the setting allows, unreadable, or no regular
    file; where there is none, its content is ``ABSENT``. Every method raises Unavailable when the disk is
    full or cannot be read or written.
    """

    def there(self, path: str) -> bool:
        """Whether there is anything at all: one quick look, also for an event loop."""

    def look(self, path: str) -> Content | Refusal:
        """What a file says now, and nothing is kept."""

    def keep(self, path: str) -> Content | Refusal:
        """The same, and it is on disk when this returns."""

    def has(self, digest: str) -> bool:
        """Whether this content is kept."""

    def read(self, digest: str) -> bytes:
        """Give it back byte for byte; raises Unavailable (store-corrupt) when it is not what was kept."""

    def write(self, path: str, content: Content) -> None:
        """Let a file say this again, in one step; for ``ABSENT`` the file is taken away.

        Raises Unavailable: ``content-not-restored`` where the file cannot be written, or as ``read`` does.
        """

    def drop(self, digests: Iterable[str]) -> None:
        """Forget contents; nothing happens where one is not kept."""

    def stored(self, before: float) -> Sequence[str]:
        """The digest of every content that was first kept before that time (seconds since the epoch)."""

    def sweep(self) -> None:
        """Take away what a crash has left half-written."""


class NoteFiles(Protocol):
    """The vaults' files, which are the truth. A workspace is absolute, or ``PERSONAL``; paths are relative.

    A refusal is ``note-unreadable`` with the file and the line, or ``path-outside``. Writing raises
    Unavailable when the disk is full or read-only.
    """

    def scan(self, workspace: str) -> dict[str, str] | Refusal:
        """Every file that may hold a note, with a signature that changes with it (empty: cannot tell)."""

    def read(self, workspace: str, path: str) -> Filed | Refusal | None:
        """One note; None when the file is gone or holds no note."""

    def add(self, workspace: str, note: Note) -> Filed | Refusal:
        """Write a new note, on disk when this returns."""

    def change(self, old: Filed, note: Note) -> Filed | Refusal:
        """Write what differs between the two states of a note, and nothing else."""


class NoteIndex(Protocol):
    """What is in the files, ready to be asked. Only ever derived: it can be lost at any time.

    Every method raises Unavailable: ``store-corrupt`` when the index was lost and is now empty,
    ``index-unavailable`` or ``disk-full`` when it cannot be used.
    """

    def signatures(self, workspace: str) -> dict[str, str]:
        """The files known, each with its signature when it was read."""

    def put(self, notes: Iterable[Filed]) -> None:
        """Take in notes, in place of what their files held before."""

    def drop(self, workspace: str, paths: Iterable[str]) -> None:
        """Forget what these files held."""

    def matches(self, question: Question, vaults: Sequence[str], only: Filter) -> Matches:
        """Notes that hold a word of the question, best by their text first."""

    def read(self, keys: Sequence[int]) -> tuple[Filed, ...]:
        """The notes of matches, in that order."""

    def newest(self, vaults: Sequence[str], only: Filter, most: int) -> tuple[Filed, ...]:
        """The project's notes before the personal ones, the latest change first."""

    def on_path(self, asked: str, vaults: Sequence[str]) -> tuple[Filed, ...]:
        """Notes about this file or folder, in the order of ``newest``."""

    def by_id(self, note_id: str, vaults: Sequence[str]) -> tuple[Filed, ...]:
        """The notes of this id, the project's first."""

    def same(self, workspace: str, title: str, body: str) -> Filed | None:
        """The note that says the very same, if there is one."""

    def superseded(self, vaults: Sequence[str]) -> frozenset[str]:
        """The ids that another note has taken the place of."""

    def count(self, vaults: Sequence[str]) -> int:
        """How many notes there are."""


class NoteWatch(Protocol):
    """Reports changes of a vault's files that others make."""

    def watch(self, workspace: str) -> bool:
        """Whether changes have been reported without a gap since an earlier call; if not, go and look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How the watch on folders is doing: how many of at most ``most``; ``dropped`` are those beyond it."""

    alive: bool
    folders: int
    most: int
    dropped: int


class Touch(Enum):
    """What happened to a path that is watched."""

    DONE = "done"  # a file was written and closed, removed or renamed
    OPEN = "open"  # a file is being written
    FOLDER = "folder"  # anything in a folder may have changed, or its watch has just begun


Touched = Callable[[str, Touch], None]
"""Told of a path that something happened to, on any thread; it must not block, nor raise."""


class FolderWatch(Protocol):
    """Reports to a ``Touched`` what happens in folders; these, and no others, cost anything.

    No call waits for the disk.
    """

    def need(self, folder: str, *, held: bool) -> None:
        """Watch a folder, which need not exist; above the limit those not ``held`` go first, oldest first."""

    def drop(self, folder: str) -> None:
        """Nobody needs the folder any more."""

    def need_tree(self, root: str) -> None:
        """Watch all folders below ``root``, and those that come, without what git ignores."""

    def drop_tree(self, root: str) -> None:
        """Nobody needs the tree any more."""

    def watching(self) -> Watching:
        """How it is doing."""


class Trees(Protocol):
    """What lies below a folder and is worth looking at: not git's own files, nor what git ignores."""

    def folders(self, root: str, most: int) -> tuple[str, ...]:
        """Up to ``most`` folders, ``root`` and those below it, the upper ones first."""

    def files(self, root: str, most: int) -> tuple[str, ...]:
        """Up to ``most`` files below it."""

    def ignored(self, path: str) -> bool:
        """Whether a file or folder is none of that."""


class Secrets(Protocol):
    """Knows a password when it sees one."""

    def remove(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text without secrets, and the kinds of those that were in it."""


class ShellWrites(Protocol):
    """Knows what a command line of a shell is about to write."""

    def writes(self, command: str, cwd: str, environment: Mapping[str, str]) -> Writes:
        """What the command may change when it is started in ``cwd``; nothing of it runs, and nothing raises.

        Paths are absolute and free of ``..``, their links not resolved.
        """


ReadLog = Callable[[str, int], tuple[list[str], int]]
"""The whole lines of a file from a place (in bytes) on, up to a limit, and the place after them."""
