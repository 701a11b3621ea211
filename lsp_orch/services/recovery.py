"""Recovery: what files said is noted, found again, given back, and forgotten in its time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lsp_orch.domain.errors import Code, Refusal, Unavailable
from lsp_orch.domain.lease import Holder, Lease, Mode, Party, State
from lsp_orch.domain.scope import Kind, Scope, touch
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import DAY_S, Author, Content, Version, Why, expendable, unnamed
from lsp_orch.services.ports import Clock, Contents, Ids
from lsp_orch.services.reads import written
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A file says again what ``version`` does; ``replaced`` is what it said before. Both may be the same."""

    version: Version
    replaced: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The versions that may go, oldest first; and the contents that none of those left has."""

    versions: tuple[Version, ...]
    contents: tuple[Content, ...]


class Recovery:
    """Each method with a ``tx`` is one step inside the caller's transaction.

    A content is kept first and noted after. Between the two nothing names it, and it may be dropped: ``note``
    then says so. Notes and drops run in transactions, one after the other, so neither misses the other.
    A file that cannot be touched is a Refusal here: Unavailable means the store, and undoes what others did.
    """

    def __init__(self, contents: Contents, clock: Clock, ids: Ids, settings: Settings) -> None:
        self._contents = contents
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def note(self, tx: Tx, path: str, content: Content, by: Author, why: Why) -> Version | None:
        """Note what a file says, once as long as it says the same; None: it must be kept anew first."""
        if not content.absent and not self._contents.has(content.digest):
            return None
        return self._note(tx, path, content, by, why)

    def find(self, tx: Tx, path: str, before: float | None, now: Content | None) -> Version | Refusal:
        """What a file said last before a time; without one, what it said last but does not say ``now``."""
        if before is None:
            others = (each for each in tx.versions.of_path(path) if each.content != now)
            found = next((each for each in others if not each.content.absent), None)
        else:
            found = next(iter(tx.versions.of_path(path, before, 1)), None)
        return found or _missing(f"nothing {'else' if before is None else 'so old'} is kept of {path}")

    def by_id(self, tx: Tx, version_id: str) -> Version | Refusal:
        """The version of that id."""
        return tx.versions.by_id(version_id) or _missing(f"there is no version {version_id}")

    def held(self, tx: Tx, path: str, by: Holder, *, force: bool) -> Refusal | None:
        """Whether somebody else holds the file for writing, and no person insists."""
        scope = Scope(Kind.FILE, path)
        for lease in tx.leases.touching((scope,)):
            others = lease.holder.id != by.id and lease.mode is Mode.WRITE
            if others and touch(lease.scopes, (scope,)) and not (force and by.kind is Party.HUMAN):
                return _held(path, lease, by)
        return None

    def restore(self, tx: Tx, version: Version, by: Holder, *, force: bool) -> Restored | Refusal | None:
        """Let the file say again what it said; None: what it says now must be kept and noted first.

        What it says now was noted in an earlier transaction, and so is durable before it is overwritten. And
        as nobody is granted the file within this one, nobody's write comes in between.
        """
        if refusal := self.held(tx, version.path, by, force=force):
            return refusal
        now = self._contents.look(version.path)
        if isinstance(now, Refusal):
            return now
        replaced = tx.versions.newest(version.path)
        if replaced is None or replaced.content != now:
            return None
        if now != version.content:
            try:
                self._contents.write(version.path, version.content)
            except Unavailable as error:
                return error.refusal
            author = Author(id=by.id, name=by.name)
            self._note(tx, version.path, version.content, author, Why.AFTER_WRITE)
            written(tx, Scope(Kind.FILE, version.path), author, self._clock.now())
        return Restored(version=version, replaced=replaced)

    def prunable(self, versions: Sequence[Version]) -> Pruned:
        """What is too old or too much of all ``versions``, newest first: ``forget`` it, then ``drop`` it.

        This takes a while and needs no transaction: what is not among the newest never comes to be again.
        """
        gone = expendable(versions, self._clock.now(), self._settings)
        return Pruned(versions=gone, contents=unnamed(gone, versions))

    def forget(self, tx: Tx, versions: Iterable[Version]) -> None:
        """Forget versions, oldest first; once that is durable, their contents can be dropped."""
        tx.versions.delete(versions)

    def drop(self, tx: Tx, digests: Iterable[str]) -> Refusal | None:
        """Drop those contents that no version has."""
        try:
            self._contents.drop([each for each in digests if not tx.versions.named(each)])
        except Unavailable as error:
            return error.refusal
        return None

    def unclaimed(self) -> Sequence[str]:
        """Contents on disk for so long that their version, if there ever was one, may have gone.

        The younger ones are left alone even where no version names them: a store that was moved away may
        come back.
        """
        return self._contents.stored(self._clock.now() - self._settings.recover_days * DAY_S)

    def _note(self, tx: Tx, path: str, content: Content, by: Author, why: Why) -> Version:
        now, newest = self._clock.now(), tx.versions.newest(path)
        if newest and newest.content == content:
            seen = replace(newest, seen_at=max(newest.seen_at, now))
            tx.versions.seen(seen)
            return seen
        version = Version(
            id=self._ids.new("version"),
            path=path,
            content=content,
            kept_at=now,
            seen_at=now,
            by=by,
            why=why,
        )
        tx.versions.insert(version)
        return version


def _missing(message: str) -> Refusal:
    return Refusal(
        code=Code.VERSION_NOT_FOUND, message=message, hint="`lsp-orch recover list` shows what there is"
    )


def _held(path: str, lease: Lease, by: Holder) -> Refusal:
    doing = "has unsaved changes in it" if lease.state is State.DIRTY else "holds it for writing"
    insist = "--force restores it all the same" if by.kind is Party.HUMAN else "only a person may force it"
    return Refusal(
        code=Code.LEASE_HELD,
        message=f"{path} was not restored: {lease.holder.name} {doing}",
        hint=f"wait until `lsp-orch lease list` shows it free; {insist}, and what it says now is kept",
    )
