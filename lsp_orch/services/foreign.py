"""Foreign writes: what nobody told us of is noted, attributed, and announced to those whose file it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lsp_orch.domain.attribution import GRACE_S, Attribution, Scene, Sighting, attribute
from lsp_orch.domain.events import ForeignWrite
from lsp_orch.domain.lease import Lease, Mode
from lsp_orch.domain.scope import Kind, Scope, touch
from lsp_orch.domain.version import Content, Version, Why
from lsp_orch.services.reads import Reads
from lsp_orch.services.recovery import Recovery
from lsp_orch.store.base import Tx

_RECENT = 8  # versions that a look may have been overtaken by
_FOUND = (Why.GRANTED, Why.READ, Why.BEFORE_WRITE)  # kept for what is to come, whoever wrote it


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file was looked at and says ``content``; None where that cannot be kept.

    It was read ``at`` a time after we ``heard`` of it; it is watched ``since`` before. ``near``: not the file
    itself was written, but something near it, or we have just begun to watch: what was noted before ``since``
    proves nothing then.
    """

    path: str
    workspace: str
    content: Content | None
    heard: float
    at: float
    since: float = 0.0
    near: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A sighting that is yet to be judged: who held the file when it was made, and the first guess."""

    sighting: Sighting
    leases: tuple[Lease, ...]
    guess: Attribution


class ForeignWrites:
    """Each method is one step inside the caller's transaction."""

    def __init__(self, recovery: Recovery, reads: Reads) -> None:
        self._recovery = recovery
        self._reads = reads

    def looked(self, tx: Tx, look: Look, scene: Scene) -> Open | bool:
        """Take in what a file says; True when there is nothing more to do, False when it must be kept anew.

        What comes back is given to ``judge`` a moment later: whoever wrote may be about to say so.
        """
        recent = tx.versions.of_path(look.path, most=_RECENT)
        found = _found(recent, look)
        if found is None and self._known(recent, look):
            return True
        leases = tuple(_on(tx, look.path))
        before = recent[1:] if found else recent
        sighting = Sighting(
            path=look.path,
            workspace=look.workspace or next((each.workspace for each in leases), ""),
            content=look.content,
            heard=look.heard,
            at=look.at,
            before=before[0].id if before else "",
        )
        guess = attribute(sighting, _with(scene, leases, sighting))
        if look.content is not None:
            version = self._recovery.note(tx, look.path, look.content, guess.author, guess.why)
            if version is None:
                return False
            sighting = replace(sighting, after=version.id)
            if found:
                tx.versions.attribute(found.id, guess.author, guess.why)
        if guess.authors:  # for all others it is too early to say
            self._reads.changed(tx, look.path, guess.author, look.at)
        return Open(sighting=sighting, leases=leases, guess=guess)

    def judge(self, tx: Tx, found: Open, scene: Scene) -> None:
        """Say who wrote, now that whoever did has had the time to tell, and announce what was foreign."""
        seen = found.sighting
        leases = found.leases or tuple(_on(tx, seen.path))
        verdict = attribute(seen, _with(scene, leases, seen))
        if seen.after and verdict != found.guess:
            tx.versions.attribute(seen.after, verdict.author, verdict.why)
        self._reads.changed(tx, seen.path, verdict.author, seen.at)
        if not verdict.own:
            readers = tx.reads.otherwise(seen.path, seen.content.digest if seen.content else None)
            _announce(tx, seen, verdict, leases, readers)

    def _known(self, recent: Sequence[Version], look: Look) -> bool:
        if look.content is None:  # it cannot be told whether it was written: only its own news counts
            return look.near
        if not recent:
            return look.near or look.content.absent
        if look.near and recent[0].seen_at < look.since:
            return True
        return any(each.content == look.content for each in (recent[0], *_overtaking(recent, look.heard)))


def _found(recent: Sequence[Version], look: Look) -> Version | None:
    """The newest version, where somebody came upon what was written before we did: that is told all the same.

    The one before it was still seen while the file was watched, so that it was written since.
    """
    if look.near or len(recent) < 2:  # noqa: PLR2004 - what it said before, and says now
        return None
    newest, before = recent[:2]
    new = newest.content == look.content and newest.kept_at >= look.heard - GRACE_S
    return newest if new and newest.why in _FOUND and before.seen_at >= look.since else None


def _overtaking(recent: Iterable[Version], heard: float) -> Iterable[Version]:
    """Versions that were noted while we looked: what we saw was between them, and is old by now."""
    return (each for each in recent if each.seen_at >= heard)


def _on(tx: Tx, path: str) -> Iterable[Lease]:
    scope = Scope(Kind.FILE, path)
    return (each for each in tx.leases.touching((scope,)) if touch(each.scopes, (scope,)))


def _with(scene: Scene, leases: Iterable[Lease], seen: Sighting) -> Scene:
    """The scene with those who hold the file for writing, or still did when it was written.

    We hear of a write a little later: that is allowed for, unless somebody else has the file by now.
    """
    scope = (Scope(Kind.FILE, seen.path),)
    now = {each.holder.id for each in leases if each.mode is Mode.WRITE}
    since = seen.heard - (0.0 if now else GRACE_S)
    late = {
        each.lease.holder.id for each in scene.ended if each.at > since and touch(each.lease.scopes, scope)
    }
    return replace(scene, writers=frozenset(now | late))


def _announce(
    tx: Tx, seen: Sighting, verdict: Attribution, leases: Iterable[Lease], readers: Iterable[str]
) -> None:
    """Tell those who held or had read the file; whoever wrote it knows."""
    author = verdict.author.id
    holders = tuple(dict.fromkeys(each.holder for each in leases if each.holder.id != author))
    told = tuple(sorted({*readers} - {author, *(each.id for each in holders)}))
    if holders or told:
        tx.announce(
            ForeignWrite(
                path=seen.path,
                workspace=seen.workspace,
                by=verdict.author,
                at=seen.at,
                before=seen.before,
                after=seen.after,
                holders=holders,
                readers=told,
            )
        )
