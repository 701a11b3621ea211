"""One editor connection: which LSP message means what to us. Registration and nothing else."""

from typing import Any

from lsprotocol import types as lsp

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import ForeignWrite
from lsp_orch.domain.lease import Holder, Lease, Party
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.lsp import elsewhere, words
from lsp_orch.endpoints.lsp.documents import Documents
from lsp_orch.endpoints.lsp.foreign import ForeignMarks, warning
from lsp_orch.endpoints.lsp.hub import Hub
from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.resources import shown
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.services.sessions import Sessions

LEASES = "lspOrch/leases"


class EditorSession:
    """What one editor says and is shown."""

    def __init__(
        self,
        server: EditorServer,
        documents: Documents,
        *,
        session_id: str,
        user: str,
        desk: Desk,
        sessions: Sessions,
        view: LeaseView,
        hub: Hub,
    ) -> None:
        self._server = server
        self._documents = documents
        self.holder_id = session_id
        self._user = user
        self._desk = desk
        self._sessions = sessions
        self._view = view
        self._hub = hub
        self._foreign = ForeignMarks()
        self._opted_in = False
        self._register()

    def refresh(self, scope: Scope) -> None:
        """Show anew who holds a file and who waits for it."""
        for uri in self._documents.uris(scope):
            found = words.diagnostics(self.holder_id, *self._view.on(scope))
            found += elsewhere.diagnostics(self.holder_id, self._hub.elsewhere(scope))
            found += self._foreign.diagnostics(scope)
            self._server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found))
        if self._opted_in:
            self._server.push(LEASES, self._leases({}))

    def granted(self, lease: Lease) -> None:
        """Tell the person that what they waited for is theirs."""
        self._tell(lsp.MessageType.Info, lease, "is yours now")

    def warned(self, lease: Lease, words: str) -> None:
        """Tell the person what becomes of a lease of theirs."""
        self._tell(lsp.MessageType.Warning, lease, f"- {words}")

    def foreign(self, write: ForeignWrite) -> None:
        """Warn of a write to a file that this person holds or looks at, unless it was theirs."""
        scope = Scope(Kind.FILE, write.path)
        uris = self._documents.uris(scope)
        held = any(each.id == self.holder_id for each in write.holders)
        if write.by.id == self.holder_id or not (uris or held):
            return
        self._server.window_show_message(warning(write))
        if any(not self._documents.agrees(uri, self._text(uri)) for uri in uris):
            self._foreign.mark(write)
            self.refresh(scope)

    def lost(self, *, clean: bool) -> None:
        """The connection has ended; without a goodbye the window may come back for its leases."""
        if self._documents.holder:
            self._hub.leave(self)
            end = self._sessions.left if clean else self._sessions.vanished
            self._desk.do(lambda tx: end(tx, self.holder_id))

    def _tell(self, kind: lsp.MessageType, lease: Lease, words: str) -> None:
        names = ", ".join(shown(scope, lease.workspace) for scope in lease.scopes)
        self._server.window_show_message(lsp.ShowMessageParams(kind, f"lsp-orch: {names} {words}."))

    def _register(self) -> None:
        feature, command = self._server.feature, self._server.command
        feature(lsp.INITIALIZE)(self._initialize)
        feature(lsp.TEXT_DOCUMENT_DID_OPEN)(self._did_open)
        feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(self._did_change)
        feature(lsp.TEXT_DOCUMENT_DID_SAVE)(self._did_save)
        feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(self._did_close)
        feature(lsp.TEXT_DOCUMENT_CODE_ACTION)(self._code_action)
        command(words.REQUEST)(self._request)
        command(words.RELEASE)(self._release)
        self._server.methods[LEASES] = self._leases

    def _initialize(self, params: lsp.InitializeParams) -> None:
        editor = params.client_info.name if params.client_info else "an editor"
        folders = [each.uri for each in params.workspace_folders or []] or [params.root_uri or ""]
        experimental = params.capabilities.experimental
        self._opted_in = isinstance(experimental, dict) and "lspOrch" in experimental
        self._documents.folders = self._documents.roots(folders)
        name = f"{self._user} ({editor})"
        self._documents.holder = Holder(
            id=self.holder_id, kind=Party.HUMAN, name=name, session=self.holder_id
        )
        workspace = next(iter(self._documents.folders), "")
        self._hub.join(self)
        self._desk.do(lambda tx: self._sessions.seen(tx, self.holder_id, Party.HUMAN, name, workspace, pid=0))

    def _did_open(self, params: lsp.DidOpenTextDocumentParams) -> None:
        if scope := self._documents.opened(params.text_document.uri, params.text_document.text):
            self._dealt_with(params.text_document.uri)
            self.refresh(scope)

    def _did_change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._documents.changed(uri, self._text(uri))
        self._dealt_with(uri)

    def _did_save(self, params: lsp.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        if scope := self._documents.scope(uri):
            held = any(each.holder.id == self.holder_id for each in self._view.on(scope)[0])
            self._documents.written(scope, self._text(uri), held=held)
        self._documents.saved(uri)
        self._dealt_with(uri)

    def _dealt_with(self, uri: str) -> None:
        """The person has saved the file or read it anew, once the buffer says what the file says."""
        scope = self._documents.scope(uri)
        if scope and self._foreign.marked(scope) and self._documents.agrees(uri, self._text(uri)):
            self._foreign.clear(scope)
            self.refresh(scope)

    def _text(self, uri: str) -> str:
        return self._server.workspace.get_text_document(uri).source or ""

    def _did_close(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if scope := self._documents.scope(uri):
            self._foreign.clear(scope)
        if self._documents.closed(uri):  # an editor goes on showing what it was last told of a file
            self._server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    def _code_action(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        scope = self._documents.scope(uri)
        return words.actions(self.holder_id, uri, *self._view.on(scope)) if scope else []

    async def _request(self, uri: str) -> dict[str, Any] | Refusal:
        asked = self._documents.requested(uri)
        if asked is None:
            return Refusal(
                code=Code.PATH_OUTSIDE,
                message=f"{uri} is no file below a workspace folder or inside a git checkout",
                hint="save it there first",
            )
        outcome = await asked
        return outcome if isinstance(outcome, Refusal) else shapes.outcome(outcome)

    async def _release(self, uri: str) -> dict[str, Any]:
        scope = self._documents.scope(uri)
        if scope:
            await self._documents.released(scope)
        return {"released": scope is not None}

    def _leases(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"leases": [shapes.lease(lease) for lease in self._view.leases()]}
