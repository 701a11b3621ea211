"""What an editor's commands do to leases. Each names a file by its URI."""

from collections.abc import Awaitable, Callable
from typing import Any

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.lease import Holder, Lease, State
from lsp_orch.domain.scope import Scope
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.lsp import offers
from lsp_orch.endpoints.lsp.documents import Documents
from lsp_orch.endpoints.lsp.office import Office
from lsp_orch.endpoints.lsp.watching import Watching
from lsp_orch.endpoints.people import named
from lsp_orch.store.base import Tx

Answer = dict[str, Any] | Refusal


class LeaseCommands:
    """One editor's."""

    def __init__(self, documents: Documents, office: Office, watching: Watching) -> None:
        self._documents = documents
        self._office = office
        self._watching = watching

    def table(self) -> dict[str, Callable[..., Awaitable[Answer]]]:
        """Each command by its name; arguments are annotated, as the protocol reads them so."""
        return {
            offers.REQUEST: self.request,
            offers.RELEASE: self.release,
            offers.STEAL: self.steal,
            offers.HAND_OVER: self.hand_over,
            offers.OBJECT: self.object,
            offers.WATCH: self.watch,
            offers.UNWATCH: self.unwatch,
        }

    async def request(self, uri: str) -> Answer:
        """``[uri]`` to the outcome of ``lease acquire``."""
        asked = self._documents.requested(uri)
        if asked is None:
            return _outside(uri)
        outcome = await asked
        return outcome if isinstance(outcome, Refusal) else shapes.outcome(outcome)

    async def release(self, uri: str) -> Answer:
        """``[uri]`` to ``{"released"}``; also takes back a request."""
        scope = self._documents.scope(uri)
        if scope:
            await self._documents.released(scope)
        return {"released": scope is not None}

    async def steal(self, uri: str, *reason: Any) -> Answer:
        """``[uri, reason?]`` to the outcome: a person has it at once, and the holder is told why."""
        scope, why = self._documents.scope(uri), _text("reason", reason)
        if scope is None:
            return _outside(uri)
        state = State.DIRTY if self._documents.dirty(scope) else State.HELD
        ask = self._documents.ask(scope, state, why)
        outcome = await self._office.desk.do(lambda tx: self._office.claims.steal(tx, ask))
        return outcome if isinstance(outcome, Refusal) else shapes.outcome(outcome)

    async def hand_over(self, uri: str, *to: Any) -> Answer:
        """``[uri, to?]`` (a holder's id or name; else whoever waits first) to ``{"lease"}``."""
        scope, name = self._documents.scope(uri), _text("to", to)
        if scope is None:
            return _outside(uri)

        def work(tx: Tx) -> Answer:
            lease = self._mine(tx, scope)
            if isinstance(lease, Refusal):
                return lease
            heir = named(tx, name, lease.scopes) if name else _first(tx, lease)
            if heir is None or heir.id == lease.holder.id:
                return _nobody(name, scope)
            given = self._office.claims.hand_over(tx, lease, heir)
            return given if isinstance(given, Refusal) else {"lease": shapes.lease(given)}

        return await self._office.desk.do(work)

    async def object(self, uri: str) -> Answer:
        """``[uri]`` to ``{"kept"}``: those who claim the file wait like everybody else."""
        scope = self._documents.scope(uri)
        if scope is None:
            return _outside(uri)

        def work(tx: Tx) -> Answer:
            lease = self._mine(tx, scope)
            if isinstance(lease, Refusal):
                return lease
            self._office.leases.object(tx, lease.holder, lease.scopes)
            return {"kept": True}

        return await self._office.desk.do(work)

    async def watch(self, uri: str) -> Answer:
        """``[uri]`` to ``{"watching"}``; they are told of each new holder, and do not queue."""
        scope = self._documents.scope(uri)
        if scope is None:
            return _outside(uri)
        self._watching.start(scope)
        return {"watching": True}

    async def unwatch(self, uri: str) -> Answer:
        """``[uri]`` to ``{"watching"}``."""
        if scope := self._documents.scope(uri):
            self._watching.stop(scope)
        return {"watching": False}

    def _mine(self, tx: Tx, scope: Scope) -> Lease | Refusal:
        """What the person holds of the file, as they are about to decide about it."""
        me = self._documents.holder.id if self._documents.holder else ""
        live = tx.leases.touching([scope])
        mine = next((each for each in live if each.holder.id == me), None)
        return mine or _not_held(scope, ", ".join(each.holder.name for each in live))


def _first(tx: Tx, lease: Lease) -> Holder | None:
    waiting = (each.ask.holder for each in tx.waiters.touching(lease.scopes))
    return next((each for each in waiting if each.id != lease.holder.id), None)


def _text(name: str, values: tuple[Any, ...]) -> str:
    """An argument that may be missing or null."""
    if len(values) > 1 or not all(isinstance(each, str | None) for each in values):
        raise Misuse(Code.BAD_REQUEST, f"after the URI comes {name}, a string, or nothing")
    text: str = next(iter(values), "") or ""
    return text.encode("utf-8", "backslashreplace").decode()


def _outside(uri: str) -> Refusal:
    return Refusal(
        code=Code.PATH_OUTSIDE,
        message=f"{uri} is no file below a workspace folder or inside a git checkout",
        hint="save it there first",
    )


def _not_held(scope: Scope, names: str) -> Refusal:
    return Refusal(
        code=Code.LEASE_NOT_YOURS if names else Code.LEASE_NOT_FOUND,
        message=f"{names} has {scope.key}, not you" if names else f"nobody holds {scope.key}",
        hint="ask for it, or take it" if names else "there is nothing to decide about",
    )


def _nobody(name: str, scope: Scope) -> Refusal:
    return Refusal(
        code=Code.SESSION_NOT_FOUND,
        message=f"nobody else here is {name}" if name else f"nobody waits for {scope.key}",
        hint="`lsp-orch status` shows the sessions" if name else "name somebody, or release it",
    )
