"""What a command line writes, and the terms in which the rules of single commands say it."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What one command line may change: each absolute path with the reason, such as ``sed -i writes a.py``.

    ``files`` are single files, written, made or removed. ``trees`` are folders (or files) of which anything
    may change, themselves included. ``mysteries`` says what runs whose writes cannot be known.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    trees: Mapping[str, str] = field(default_factory=dict)
    mysteries: tuple[str, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """The single files."""
        return frozenset(self.files)

    @property
    def folders(self) -> frozenset[str]:
        """The whole trees."""
        return frozenset(self.trees)

    @property
    def unknown(self) -> bool:
        """Whether something runs that may write elsewhere too."""
        return bool(self.mysteries)


class Known(Enum):
    """How much is known of a word before the shell has run."""

    EXACTLY = auto()
    BELOW = auto()  # one file somewhere in the folder that the text names, or that folder
    ONE = auto()  # a single word, taken for an operand: nobody writes "$file" for an option
    ANY = auto()  # any number of words, options among them


@dataclass(frozen=True, slots=True)
class Word:
    """One argument as its program will see it; what is not known exactly is shown by its source."""

    text: str
    known: Known = Known.EXACTLY

    @property
    def exact(self) -> bool:
        """Whether the text is the argument itself."""
        return self.known is Known.EXACTLY


@dataclass(frozen=True, slots=True)
class File:
    """A single file is written, made or removed; ``verb`` says which."""

    word: Word
    verb: str = "writes"


@dataclass(frozen=True, slots=True)
class Tree:
    """Anything in a folder may change, or the file of that name."""

    word: Word
    verb: str = "changes"


@dataclass(frozen=True, slots=True)
class NewFolder:
    """An empty folder comes to be: nothing is written, but later words may mean something else."""

    word: Word


@dataclass(frozen=True, slots=True)
class Link:
    """A name comes to stand for another file, so that writing to it later writes that one."""

    word: Word


@dataclass(frozen=True, slots=True)
class Mystery:
    """Nobody can say what this writes."""

    why: str


@dataclass(frozen=True, slots=True)
class Run:
    """Another command runs, with its own rule; ``elsewhere`` when it is not known in which folder."""

    words: tuple[Word, ...]
    elsewhere: bool = False
    folder: Word | None = None
    stdin: Word | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A program in the text of the command line runs: ``language`` is ``bash`` or ``python``."""

    language: str
    program: Word
    arguments: tuple[Word, ...] = ()


Effect = File | Tree | NewFolder | Link | Mystery | Run | Code
Effects = Iterable[Effect]


class Sort(Enum):
    """What lies at a path when a command comes to run, as far as that can be told now."""

    FILE = auto()
    FOLDER = auto()
    ABSENT = auto()
    UNSURE = auto()  # what runs before it may have changed that


class Look(Protocol):
    """The files as a rule may see them; relative paths are seen from the command's folder."""

    def sort(self, path: str) -> Sort:
        """What is there."""

    def is_link(self, path: str) -> bool:
        """Whether the name itself is a symbolic link."""

    def read(self, path: str) -> str | None:
        """The text of a small file that nothing before in the line changes, else None."""

    def checkout(self, folder: str) -> str:
        """The top of the git checkout that holds the folder, else the folder itself; absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command about to run; ``stdin`` is None unless its text stands in the command line."""

    name: str
    words: tuple[Word, ...]
    look: Look
    stdin: Word | None = None


HERE = Word(".")
UNKNOWN = "\N{HORIZONTAL ELLIPSIS}"
"""What stands in a word's text for a value that is not known."""


def under(folder: Word, word: Word) -> Word:
    """The word's path as seen from the folder."""
    if folder == HERE or (word.exact and word.text.startswith("/")):
        return word
    if not folder.exact:
        return Word(folder.text, folder.known if word.exact and _inside(word.text) else Known.ONE)
    return Word(posixpath.join(folder.text, word.text), word.known)


def _inside(text: str) -> bool:
    return ".." not in text.split("/")
