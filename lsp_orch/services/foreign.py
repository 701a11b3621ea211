"""Foreign writes: what nobody told us of is noted, attributed, and announced to those whose file it was."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lsp_orch.domain.attribution import Attribution, Scene, Sighting, attribute
from lsp_orch.domain.events import ForeignWrite
from lsp_orch.domain.lease import Lease, Mode
from lsp_orch.domain.scope import Kind, Scope, touch
from lsp_orch.domain.version import Content, Version
from lsp_orch.services.recovery import Recovery
from lsp_orch.store.base import Tx

_RECENT = 8  # versions that a look may have been overtaken by


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file was looked at and says ``content``; None where that cannot be kept.

    It was read ``at`` a time after we ``heard`` of it. ``since`` is None when the file itself was written;
    else only something near it was, or we have just begun to watch: what was noted before ``since`` proves
    nothing then.
    """

    path: str
    workspace: str
    content: Content | None
    heard: float
    at: float
    since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A sighting that is yet to be judged: who held the file when it was made, and the first guess."""

    sighting: Sighting
    leases: tuple[Lease, ...]
    guess: Attribution


class ForeignWrites:
    """Each method is one step inside the caller's transaction."""

    def __init__(self, recovery: Recovery) -> None:
        self._recovery = recovery

    def looked(self, tx: Tx, look: Look, scene: Scene) -> Open | bool:
        """Take in what a file says; True when there is nothing more to do, False when it must be kept anew.

        What comes back is given to ``judge`` a moment later: whoever wrote may be about to say so.
        """
        if self._known(tx, look):
            return True
        leases = tuple(_on(tx, look.path))
        before = tx.versions.newest(look.path)
        sighting = Sighting(
            path=look.path,
            workspace=look.workspace or next((each.workspace for each in leases), ""),
            content=look.content,
            heard=look.heard,
            at=look.at,
            before=before.id if before else "",
        )
        guess = attribute(sighting, _with(scene, leases))
        if look.content is not None:
            version = self._recovery.note(tx, look.path, look.content, guess.author, guess.why)
            if version is None:
                return False
            sighting = replace(sighting, after=version.id)
        return Open(sighting=sighting, leases=leases, guess=guess)

    def judge(self, tx: Tx, found: Open, scene: Scene, readers: Iterable[str]) -> None:
        """Say who wrote, now that whoever did has had the time to tell, and announce what was foreign."""
        leases = found.leases or tuple(_on(tx, found.sighting.path))
        verdict = attribute(found.sighting, _with(scene, leases))
        if found.sighting.after and verdict != found.guess:
            tx.versions.attribute(found.sighting.after, verdict.author, verdict.why)
        if not verdict.own:
            _announce(tx, found.sighting, verdict, leases, readers)

    def _known(self, tx: Tx, look: Look) -> bool:
        recent = tx.versions.of_path(look.path, most=_RECENT)
        if look.content is None:  # it cannot be told whether it was written: only its own news counts
            return look.since is not None
        if not recent:
            return look.since is not None or look.content.absent
        if look.since is not None and recent[0].seen_at < look.since:
            return True
        return any(each.content == look.content for each in (recent[0], *_overtaking(recent, look.heard)))


def _overtaking(recent: Iterable[Version], heard: float) -> Iterable[Version]:
    """Versions that were noted while we looked: what we saw was between them, and is old by now."""
    return (each for each in recent if each.seen_at >= heard)


def _on(tx: Tx, path: str) -> Iterable[Lease]:
    scope = Scope(Kind.FILE, path)
    return (each for each in tx.leases.touching((scope,)) if touch(each.scopes, (scope,)))


def _with(scene: Scene, leases: Iterable[Lease]) -> Scene:
    writers = frozenset(each.holder.id for each in leases if each.mode is Mode.WRITE)
    return replace(scene, writers=writers)


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
