"""A person's buffers: opened, changed, saved and closed, and what that means for leases."""

import asyncio
import logging
from typing import Any

from pygls import uris

from lsp_orch.domain.grants import Ask
from lsp_orch.domain.lease import Holder, Mode, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Paths
from lsp_orch.store.base import Tx

_log = logging.getLogger(__name__)


class Documents:
    """The files that one editor shows. Only the first change since a save costs a transaction."""

    def __init__(self, *, desk: Desk, leases: Leases, paths: Paths, settings: Settings) -> None:
        self._desk = desk
        self._leases = leases
        self._paths = paths
        self._settings = settings
        self._scopes: dict[str, Scope] = {}
        self._dirty: set[Scope] = set()
        self.holder: Holder | None = None
        self.folders: list[str] = []

    def roots(self, folders: list[str]) -> list[str]:
        """The canonical folders behind the URIs of a workspace."""
        paths = (uris.to_fs_path(uri) for uri in folders if uri.startswith("file:"))
        return [self._paths.canonical(path, "/") for path in paths if path]

    def scope(self, uri: str) -> Scope | None:
        """The file behind a URI, if it lies in a workspace: editors also open their own settings."""
        known = self._scopes.get(uri)
        return known or self._locate(uri)

    def uris(self, scope: Scope) -> list[str]:
        """Under which URIs the editor shows a file: two links to it are two URIs."""
        return [uri for uri, each in self._scopes.items() if each == scope]

    def opened(self, uri: str) -> Scope | None:
        """A look at a file blocks nobody."""
        scope = self._locate(uri)
        if scope:
            self._scopes[uri] = scope
        return scope

    def changed(self, uri: str) -> None:
        """The buffer differs from the file: it is the person's until it is saved."""
        scope = self._scopes.get(uri)
        if scope and scope not in self._dirty:
            self._dirty.add(scope)
            self._submit(lambda tx: self._leases.acquire(tx, self._ask(scope, State.DIRTY)))

    def requested(self, uri: str) -> "asyncio.Future[Any] | None":
        """The person asks for a file that somebody else holds."""
        scope = self.scope(uri)
        if scope is None:
            return None
        return self._submit(lambda tx: self._leases.acquire(tx, self._ask(scope, State.HELD)))

    def saved(self, uri: str) -> None:
        """Buffer and file agree again."""
        scope, holder = self._scopes.get(uri), self.holder
        if scope and holder:
            self._dirty.discard(scope)
            self._submit(lambda tx: self._leases.saved(tx, holder.id, scope))

    def closed(self, uri: str) -> None:
        """The buffer is gone, and with it what the person held or waited for."""
        scope = self._scopes.pop(uri, None)
        if scope and not self.uris(scope):
            self.released(scope)

    def released(self, scope: Scope) -> "asyncio.Future[Any]":
        """The person lets go of a file."""
        self._dirty.discard(scope)
        holder_id = self.holder.id if self.holder else ""

        def work(tx: Tx) -> None:
            self._leases.withdraw(tx, [w for w in tx.waiters.of_holder(holder_id) if scope in w.ask.scopes])
            self._leases.release(
                tx, [each for each in tx.leases.of_holder(holder_id) if scope in each.scopes]
            )

        return self._submit(work)

    def _locate(self, uri: str) -> Scope | None:
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
        if not path:
            return None
        key = self._paths.canonical(path, "/")
        inside = any(key.startswith(folder.rstrip("/") + "/") for folder in self.folders)
        return Scope(Kind.FILE, key) if inside or self._paths.workspace(key) else None

    def _ask(self, scope: Scope, state: State) -> Ask:
        assert self.holder is not None  # noqa: S101 - an editor says `initialize` before anything else
        return Ask(
            holder=self.holder,
            workspace=self._paths.workspace(scope.key) or next(iter(self.folders), ""),
            scopes=(scope,),
            mode=Mode.WRITE,
            reason="editing",
            ttl_s=self._settings.leases_ttl_s,
            state=state,
        )

    def _submit(self, work: Any) -> "asyncio.Future[Any]":
        future = asyncio.ensure_future(self._desk.do(work))
        future.add_done_callback(_report)
        return future


def _report(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled() and (error := future.exception()):
        _log.error("a buffer's lease could not be kept", exc_info=error)
