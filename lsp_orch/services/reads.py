"""Reads: what each holder knows of a file, so that nobody writes over what they have not seen."""

from lsp_orch.domain.events import FileRead, FilesForgotten, FileWritten
from lsp_orch.domain.lease import Holder
from lsp_orch.domain.read import Read, Stale, Writer, judge
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.version import DAY_S, Author, Content
from lsp_orch.services.ports import Clock
from lsp_orch.store.base import Tx

_KEPT_S = 14 * DAY_S  # nobody asks who wrote what nobody has read for so long


class Reads:
    """Each method is one step inside the caller's transaction; paths are canonical."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def saw(self, tx: Tx, who: Holder, path: str, content: Content) -> None:
        """The holder has read the file."""
        read = Read(
            holder_id=who.id,
            session=who.session,
            path=path,
            digest=content.digest,
            at=self._clock.now(),
        )
        tx.reads.remember(read)
        tx.announce(FileRead(path=path))

    def wrote(self, tx: Tx, who: Holder, path: str, content: Content) -> None:
        """The holder has written the file, and so knows it."""
        self.saw(tx, who, path, content)
        written(tx, Scope(Kind.FILE, path), Author(id=who.id, name=who.name), self._clock.now())

    def stale(self, tx: Tx, who: Holder, path: str, now: Content) -> Stale | None:
        """Whether the holder would write over what they have not seen."""
        return judge(tx.reads.of(who.id, path), now, tx.reads.writer(path))

    def forget(self, tx: Tx, session: str) -> None:
        """A session and its subagents know nothing any more."""
        if paths := tx.reads.forget(session):
            tx.announce(FilesForgotten(paths=paths))

    def changed(self, tx: Tx, path: str, by: Author, at: float) -> None:
        """Somebody was seen to have written the file; whoever has written it since told us so."""
        last = tx.reads.writer(path)
        if last is None or last.at <= at:
            tx.reads.wrote(Writer(path=path, by=by, at=at))

    def prune(self, tx: Tx) -> None:
        """Forget who wrote what long ago."""
        tx.reads.forget_writers(self._clock.now() - _KEPT_S)


def written(tx: Tx, scope: Scope, by: Author, at: float) -> None:
    """Somebody has told us that they have written a file; whoever knows it knows an older one now."""
    tx.reads.wrote(Writer(path=scope.key, by=by, at=at))
    tx.announce(FileWritten(scope=scope, by=by, at=at))
