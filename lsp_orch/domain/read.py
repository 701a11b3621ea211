"""What a holder last read of a file, and whether a write may still be based on it."""

from dataclasses import dataclass

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.version import Author, Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A holder knows the file with this content (a digest as in ``Content``), by reading or writing it."""

    holder_id: str
    session: str
    path: str
    digest: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who wrote a file last, of those that we know of."""

    path: str
    by: Author
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The file says something else than the holder knows; ``writer`` is None when nobody we know did that."""

    read: Read
    writer: Writer | None


def judge(read: Read | None, now: Content, writer: Writer | None) -> Stale | None:
    """Whether what a holder knows of a file is older than the file; who knows nothing knows nothing old."""
    if read is None or read.digest == now.digest:
        return None
    known = writer and writer.by.id != read.holder_id and writer.at >= read.at
    return Stale(read=read, writer=writer if known else None)


def refuse(stale: Stale, name: str, clock_time: tuple[str, str]) -> Refusal:
    """Say who changed the file ``name`` and when; ``clock_time`` tells when it was read and written."""
    read_at, written_at = clock_time
    who = (
        f"{stale.writer.by.name} wrote it at {written_at}"
        if stale.writer
        else "a program that asks nobody has written it since"
    )
    return Refusal(
        code=Code.LEASE_STALE_READ,
        message=f"{name} is not what you read at {read_at} any more: {who}",
        hint="read it again and base the change on what it says now; until then the file is kept for you",
    )
