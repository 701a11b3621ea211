"""A message between sessions: who says what to whom, how pressing it is, and how it is told."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.inbox import one_line, size
from lsp_orch.domain.version import Author

LONGEST = 2000  # characters of one message
LONGEST_KEY = 200
REMEMBERED_S = 24 * 3600.0  # a key is known for so long
RATE_S = 60.0  # what the rate is counted over
DOOR = "door"  # told through the session's own socket, where nobody says whether it arrived

_WORDED = 2 * LONGEST  # characters of one message in a digest, its sender included
_AROUND = 400  # characters of the fence, its heading, and the line about dropped news
_PERSON = "user:"
_BREAKS = re.compile(r"\s+")


class Pace(StrEnum):
    """When it is told."""

    NOW = "now"  # also to a worker in the middle of a turn
    SOON = "soon"  # wakes a session that rests
    LATER = "later"  # with the session's next event


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What somebody wants to say; the same ``key`` says it once. ``shared``: it is for all who are here."""

    sender: Author
    text: str
    pace: Pace = Pace.SOON
    shared: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A post on its way to one of those it is for; the same post has one id.

    ``told_by`` is the call that it was told to, as long as nobody knows whether that has heard it.
    """

    id: str
    to: str
    sender: Author
    text: str
    pace: Pace
    shared: bool
    key: str
    sent_at: float
    ends_at: float
    told_at: float | None = None
    told_by: str = ""


def person(name: str) -> str:
    """Where a person takes messages."""
    return f"{_PERSON}{name}"


def check(post: Post) -> None:
    """See that it is fit to be sent.

    Raises:
        Misuse: it says nothing, too much, or what no store can keep.
    """
    if not post.text.strip():
        raise Misuse(Code.BAD_REQUEST, "a message must say something")
    if len(post.text) > LONGEST:
        words = f"a message has at most {LONGEST} characters, this one {len(post.text)}"
        raise Misuse(Code.BAD_REQUEST, words, "write it to a file, and say where that is")
    if len(post.key) > LONGEST_KEY:
        raise Misuse(Code.BAD_REQUEST, f"a key has at most {LONGEST_KEY} characters")
    if "\0" in post.text + post.key:
        raise Misuse(Code.BAD_REQUEST, "a message cannot hold a NUL character")


def line(message: Message) -> str:
    """How it is told: always with its sender, on a line that cannot leave the fence."""
    name = _BREAKS.sub(" ", message.sender.name)
    when = datetime.fromtimestamp(message.sent_at, UTC).strftime("%H:%M UTC")
    urgent = ", urgent" if message.pace is Pace.NOW else ""
    whom = ", to all" if message.shared else ""
    return one_line(
        f"Message from {name} ({message.sender.id}), {when}{urgent}{whom}: {message.text}", _WORDED
    )


def fitting(messages: Iterable[Message], room: int) -> Iterator[Message]:
    """As many as one digest of ``room`` characters takes, the oldest first: the others keep their turn."""
    left = room - _AROUND
    for each in messages:
        left -= size(line(each)) + 3
        if left < 0:
            return
        yield each


def pressing(paces: Iterable[Pace]) -> Pace | None:
    """The most pressing of them."""
    return min(paces, key=list(Pace).index, default=None)
