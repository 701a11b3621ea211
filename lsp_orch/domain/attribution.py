"""Who wrote a file: the system does not say, so what was going on around the write is weighed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lsp_orch.domain.lease import Lease
from lsp_orch.domain.version import Author, Content, Why

LATE_S = (
    2.0  # a call over for so long may still have written: what it started, or a formatter of its client's
)
GRACE_S = 1.0  # an editor tells of its save, and a client of its tool's end, at most so much later


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A file was seen to say something that nobody had told us of; ``content`` is None where it is not kept.

    It was ``heard`` that the file was touched, and it was read ``at`` a time after that. ``before`` and
    ``after`` are the versions of what it said until then and says now, empty without one.
    """

    path: str
    workspace: str
    content: Content | None
    heard: float
    at: float
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An agent's tool at work. ``paths`` are those that it names; an ``open`` one may write others too.

    ``background``: the client does not wait for it, so that it goes on when the tool is said to have ended.
    """

    id: str
    by: Author
    workspace: str
    began: float
    ended: float | None = None
    paths: frozenset[str] = frozenset()
    open: bool = False
    background: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """An editor said that it had saved; ``contents`` is what it may have written, as we know its buffer.

    None among them stands for what is not kept. ``held``: the person held the file.
    """

    path: str
    by: Author
    contents: frozenset[Content | None]
    at: float
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A lease that is over: what was written while it was not, its holder may have written."""

    lease: Lease
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known of the time around a sighting; ``writers`` are the holders for writing, by their ids."""

    writers: frozenset[str] = frozenset()
    calls: tuple[Call, ...] = ()
    saves: tuple[Save, ...] = ()
    ended: tuple[Ended, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who may have written, best known first: nobody we know of, one, or one of several.

    ``own``: they held the file, so that nothing was done behind anybody's back.
    """

    authors: tuple[Author, ...] = ()
    own: bool = False
    saved: bool = False

    @property
    def author(self) -> Author:
        """The one who is named; its id is empty when nobody can be."""
        match self.authors:
            case ():
                return Author(id="", name="somebody outside")
            case (only,):
                return only
            case several:
                return Author(id="", name=f"one of {', '.join(each.name for each in several)}")

    @property
    def why(self) -> Why:
        """What the version is kept for."""
        if not self.own:
            return Why.FOREIGN_WRITE
        return Why.SAVED if self.saved else Why.AFTER_WRITE


def attribute(seen: Sighting, scene: Scene) -> Attribution:
    """Say who wrote: the first kind of evidence that points to anybody decides.

    Where it points to several, those of them who hold the file for writing are presumed to have done it.
    """
    for saved, evidence in EVIDENCE:
        found = tuple(dict.fromkeys(evidence(seen, scene)))
        if not found:
            continue
        own = tuple(author for author, held in found if held)
        named = own or tuple(author for author, _ in found)
        return Attribution(authors=tuple(dict.fromkeys(named)), own=bool(own), saved=saved)
    return Attribution()


_Found = Iterable[tuple[Author, bool]]  # who, and whether they held the file


def _saved(seen: Sighting, scene: Scene) -> _Found:
    for save in scene.saves:
        near = seen.heard - LATE_S <= save.at <= seen.at + GRACE_S
        if near and save.path == seen.path and seen.content in save.contents:
            yield save.by, save.held or save.by.id in scene.writers


def _named(seen: Sighting, scene: Scene) -> _Found:
    return _of(scene, lambda call: seen.path in call.paths and _at_work(call, seen))


def _writers(seen: Sighting, scene: Scene) -> _Found:
    return _of(
        scene,
        lambda call: (
            call.by.id in scene.writers and call.open and (_at_work(call, seen) or _behind(call, seen))
        ),
    )


def _beside(seen: Sighting, scene: Scene) -> _Found:
    return _of(scene, lambda call: call.open and _near(call, seen) and _at_work(call, seen))


def _in_background(seen: Sighting, scene: Scene) -> _Found:
    return _of(scene, lambda call: call.open and _near(call, seen) and _behind(call, seen))


EVIDENCE: tuple[tuple[bool, Callable[[Sighting, Scene], _Found]], ...] = (
    (True, _saved),  # an editor said so, and the file said just this
    (False, _named),  # a tool at work names the file
    (False, _writers),  # a holder's shell is at work
    (False, _beside),  # somebody's shell is at work in the same checkout
    (False, _in_background),  # or was left at work there
)


def _of(scene: Scene, wanted: Callable[[Call], bool]) -> _Found:
    ordered = sorted(filter(wanted, scene.calls), key=lambda call: (call.by.id, call.id))
    return [(call.by, call.by.id in scene.writers) for call in ordered]


def _near(call: Call, seen: Sighting) -> bool:
    return call.workspace == seen.workspace


def _at_work(call: Call, seen: Sighting) -> bool:
    """Whether it had begun, and had not ended or only just."""
    return call.began <= seen.at and (call.ended is None or seen.heard <= call.ended + LATE_S)


def _behind(call: Call, seen: Sighting) -> bool:
    return call.background and call.began <= seen.at
