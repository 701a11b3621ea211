"""What a person is offered for a file: who they are to it decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lsprotocol import types as lsp

from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease

REQUEST = "lspOrch.lease.request"
RELEASE = "lspOrch.lease.release"
STEAL = "lspOrch.lease.steal"
HAND_OVER = "lspOrch.lease.handover"
OBJECT = "lspOrch.lease.object"
WATCH = "lspOrch.lease.watch"
UNWATCH = "lspOrch.lease.unwatch"


class Standing(StrEnum):
    """Who the person is to the file."""

    FREE = "free"  # nobody holds it, as far as one of them matters
    MINE = "mine"
    WAITED = "waited"  # it is theirs, and others wait for it
    CLAIMED = "claimed"  # it is theirs for another moment, unless they object
    THEIRS = "theirs"  # somebody else holds it
    WAITING = "waiting"  # the same, and the person waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A file, as the person ``me`` sees it."""

    me: str
    uri: str
    leases: Sequence[Lease]
    waiters: Sequence[Waiter]
    watched: bool = False

    @property
    def standing(self) -> Standing:
        """Who they are to it."""
        waiting = [each for each in self.waiters if each.ask.holder.id != self.me]
        if any(lease.holder.id == self.me for lease in self.leases):
            if any(each.claims_at is not None for each in waiting):
                return Standing.CLAIMED
            return Standing.WAITED if waiting else Standing.MINE
        if len(waiting) < len(self.waiters):
            return Standing.WAITING
        return Standing.THEIRS if self.leases else Standing.FREE

    @property
    def holder(self) -> str:
        """Who else holds it."""
        return ", ".join(dict.fromkeys(each.holder.name for each in self.leases if each.holder.id != self.me))

    @property
    def next(self) -> Waiter:
        """Who else waits first."""
        return next(each for each in self.waiters if each.ask.holder.id != self.me)


Offer = Callable[[Scene], tuple[str, str, list[str]]]
"""A title, a command and its arguments after the file."""


def _plain(title: str, command: str) -> Offer:
    return lambda _: (title, command, [])


_KEEP = _plain("Keep this file", OBJECT)
_RELEASE = _plain("Release this file", RELEASE)
_WITHDRAW = _plain("Stop waiting for this file", RELEASE)
_WATCH = _plain("Tell me when this file is free or changes hands", WATCH)
_UNWATCH = _plain("Tell me no more about this file", UNWATCH)


def _request(scene: Scene) -> tuple[str, str, list[str]]:
    return f"Ask for this file (held by {scene.holder})", REQUEST, []


def _steal(scene: Scene) -> tuple[str, str, list[str]]:
    return f"Take this file from {scene.holder or 'who is before you'}", STEAL, []


def _hand_over(scene: Scene) -> tuple[str, str, list[str]]:
    to = scene.next.ask.holder
    return f"Hand this file over to {to.name}", HAND_OVER, [to.id]


OFFERS: dict[Standing, tuple[Offer, ...]] = {
    Standing.FREE: (),
    Standing.MINE: (_RELEASE,),
    Standing.WAITED: (_RELEASE, _hand_over),
    Standing.CLAIMED: (_KEEP, _hand_over, _RELEASE),
    Standing.THEIRS: (_request, _steal, _WATCH),
    Standing.WAITING: (_WITHDRAW, _steal, _WATCH),
}


def actions(scene: Scene) -> list[lsp.CodeAction]:
    """The code actions for the file; whoever watches it can stop that, wherever they stand."""
    offers = [each for each in OFFERS[scene.standing] if not (scene.watched and each is _WATCH)]
    return [_action(scene, each) for each in (*offers, *([_UNWATCH] if scene.watched else []))]


def _action(scene: Scene, offer: Offer) -> lsp.CodeAction:
    title, command, more = offer(scene)
    return lsp.CodeAction(
        title=f"lsp-orch: {title}",
        kind=lsp.CodeActionKind.QuickFix,
        command=lsp.Command(title=title, command=command, arguments=[scene.uri, *more]),
    )
