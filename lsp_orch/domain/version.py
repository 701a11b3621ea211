"""What a file said at a time, kept so that it can be given back; and which of it may go."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lsp_orch.domain.settings import Settings

NEWEST = 3  # versions of each path that always stay

DAY_S = 24 * 3600.0


class Why(StrEnum):
    """What gave occasion to keep a file's content."""

    GRANTED = "granted"  # somebody was granted the file
    READ = "read"  # an agent read it
    BEFORE_WRITE = "before-write"  # a holder was about to write it
    AFTER_WRITE = "after-write"  # a holder had written it
    FOREIGN_WRITE = "foreign-write"  # somebody wrote it who did not hold it
    SAVED = "saved"  # a person saved it


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of a file by their SHA-256 in hex; ``size`` counts them. No digest: there was no file."""

    digest: str
    size: int

    @property
    def absent(self) -> bool:
        """Whether there was no file."""
        return not self.digest


ABSENT = Content(digest="", size=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who gave occasion: a holder's id, and a name for people."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A file said this from ``kept_at`` to at least ``seen_at`` (seconds since the epoch).

    ``path`` is canonical; ``by`` and ``why`` tell of the first time it was seen.
    """

    id: str
    path: str
    content: Content
    kept_at: float
    seen_at: float
    by: Author
    why: Why


def expendable(versions: Sequence[Version], now: float, settings: Settings) -> tuple[Version, ...]:
    """Say which of all ``versions`` may go; they come newest first, the answer oldest first.

    The newest of each path stay whatever else is said. Of the others go those last seen too long ago; and as
    long as the different contents, counted before compression, are more than allowed, all versions of the one
    that was seen least lately.
    """
    staying = _newest(versions)
    too_old = now - settings.recover_days * DAY_S
    recent = [each for each in versions if each.id in staying or each.seen_at >= too_old]
    crowded_out = _crowded_out(recent, staying, settings.recover_max_bytes)
    kept = {each.id for each in recent if each.id in staying or each.content not in crowded_out}
    return tuple(each for each in reversed(versions) if each.id not in kept)


def unnamed(gone: Iterable[Version], versions: Iterable[Version]) -> tuple[Content, ...]:
    """The contents that no version has any more once ``gone`` have gone from ``versions``."""
    ended = {each.id: each.content for each in gone}
    named = {each.content for each in versions if each.id not in ended}
    return tuple(each for each in dict.fromkeys(ended.values()) if not each.absent and each not in named)


def _newest(versions: Iterable[Version]) -> set[str]:
    """The ids of the newest of each path; that a file was absent does not count as one of them."""
    newer: Counter[str] = Counter()
    staying = set()
    for each in versions:
        if newer[each.path] < NEWEST:
            staying.add(each.id)
        newer[each.path] += not each.content.absent
    return staying


def _crowded_out(versions: Iterable[Version], staying: set[str], most: int) -> set[Content]:
    last_seen: dict[Content, float] = {}
    needed = set()
    for each in versions:
        last_seen[each.content] = max(each.seen_at, last_seen.get(each.content, each.seen_at))
        if each.id in staying:
            needed.add(each.content)
    excess = sum(each.size for each in last_seen) - most
    out = set()
    for content in sorted(last_seen, key=lambda each: last_seen[each]):
        if excess <= 0:
            break
        if content.size and content not in needed:
            out.add(content)
            excess -= content.size
    return out
