"""A person's buffers: opened, changed, saved and closed, and what that means for leases."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from pygls import uris

from lsp_orch.domain.grants import Ask
from lsp_orch.domain.lease import Holder, Mode, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.leases import Leases
from lsp_orch.services.ports import Paths, SettingsOf
from lsp_orch.store.base import Tx

EDITING = "editing"
"""Why a person holds a file, unless they say more."""


class Written(Protocol):
    """Is told of each file that an editor says it has written."""

    def __call__(self, path: str, text: str, by: Holder, *, held: bool) -> None:
        """The canonical path, the buffer's text, for whom, and whether they held the file."""


_log = logging.getLogger(__name__)


class Documents:
    """The files that one editor shows. Only the first change since a save costs a transaction."""

    def __init__(
        self,
        *,
        desk: Desk,
        leases: Leases,
        paths: Paths,
        settings: SettingsOf,
        written: Written = lambda *_, **__: None,
    ) -> None:
        self._written = written
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
        return [self._paths.canonical(path, "/") for path in map(_path, folders) if path]

    def scope(self, uri: str) -> Scope | None:
        """The file behind a URI, if it lies in a workspace: editors also open their own settings."""
        known = self._scopes.get(uri)
        return known or self._locate(uri)

    def uris(self, scope: Scope) -> list[str]:
        """Under which URIs the editor shows a file: two links to it are two URIs."""
        return [uri for uri, each in self._scopes.items() if each == scope]

    def shown(self) -> list[Scope]:
        """The files that the editor shows, each once."""
        return list(dict.fromkeys(self._scopes.values()))

    def dirty(self, scope: Scope) -> bool:
        """Whether a buffer of the file holds the person's unsaved work."""
        return scope in self._dirty

    def lost(self, scopes: Iterable[Scope]) -> None:
        """Somebody else has these now: the next change asks for them like the first one did."""
        self._dirty.difference_update(scopes)

    def ask(self, scope: Scope, state: State, reason: str = EDITING) -> Ask:
        """What the person asks for, in their name."""
        assert self.holder is not None  # noqa: S101 - an editor says `initialize` before anything else
        workspace = self._paths.workspace(scope.key) or next(iter(self.folders), "")
        return Ask(
            holder=self.holder,
            workspace=workspace,
            scopes=(scope,),
            mode=Mode.WRITE,
            reason=reason,
            ttl_s=self._settings(workspace).leases_ttl_s,
            state=state,
        )

    def opened(self, uri: str, text: str) -> Scope | None:
        """A look at a file blocks nobody; a buffer that comes with unsaved work is like one that changes."""
        scope = self._locate(uri)
        if scope:
            self._scopes[uri] = scope
            if self._paths.unsaved(scope.key, text):
                self._take(scope)
        return scope

    def changed(self, uri: str, text: str) -> bool:
        """The buffer says ``text``: while that is not what the file says, the file is the person's.

        Tells whether they agree: they do after an undo, and when the editor has read anew what somebody else
        has written.
        """
        scope = self._scopes.get(uri)
        if scope is None:
            return False
        agrees = self._paths.says(scope.key, text)
        if not agrees:
            self._take(scope)
        elif scope in self._dirty:
            self.saved(uri)
        return agrees

    def requested(self, uri: str) -> "asyncio.Future[Any] | None":
        """The person asks for a file that somebody else holds."""
        scope = self.scope(uri)
        if scope is None:
            return None
        return self._submit(lambda tx: self._leases.acquire(tx, self.ask(scope, State.HELD)))

    def saved(self, uri: str) -> None:
        """Buffer and file agree again."""
        scope, holder = self._scopes.get(uri), self.holder
        if scope and holder:
            self._dirty.discard(scope)
            self._submit(lambda tx: self._leases.saved(tx, holder.id, scope))

    def written(self, scope: Scope, text: str, *, held: bool) -> None:
        """The editor says that it has written the file, while the person held it or not."""
        if self.holder:
            self._written(scope.key, text, self.holder, held=held)

    def closed(self, uri: str) -> bool:
        """The buffer is gone, and with it what the person held or waited for; whether it was there."""
        scope = self._scopes.pop(uri, None)
        if scope and not self.uris(scope):
            self.released(scope)
        return scope is not None

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

    def _take(self, scope: Scope) -> None:
        if scope not in self._dirty:
            self._dirty.add(scope)
            asked = self._submit(lambda tx: self._leases.acquire(tx, self.ask(scope, State.DIRTY)))
            asked.add_done_callback(lambda done: self._asked(scope, done))

    def _locate(self, uri: str) -> Scope | None:
        path = _path(uri)
        if not path:
            return None
        key = self._paths.canonical(path, "/")
        inside = any(key.startswith(folder.rstrip("/") + "/") for folder in self.folders)
        return Scope(Kind.FILE, key) if inside or self._paths.workspace(key) else None

    def _asked(self, scope: Scope, done: "asyncio.Future[Any]") -> None:
        if done.cancelled() or done.exception():  # the next change asks again
            self._dirty.discard(scope)

    def _submit(self, work: Any) -> "asyncio.Future[Any]":
        future = asyncio.ensure_future(self._desk.do(work, brief=True))
        future.add_done_callback(_report)
        return future


def _path(uri: str) -> str:
    """The path behind a URI, with the very bytes of a name that is not UTF-8; empty when it is no file's."""
    try:
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    except ValueError:  # no URI at all
        path = None
    if path and "\ufffd" in path:  # what pygls makes of such bytes
        path = unquote(urlsplit(uri).path, errors="surrogateescape")
    return path or ""


def _report(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled() and (error := future.exception()):
        _log.error("a buffer's lease could not be kept", exc_info=error)
