"""One editor connection: which LSP message means what to us. Registration and nothing else."""

from lsprotocol import types as lsp

from lsp_orch.domain.lease import Holder, Party
from lsp_orch.endpoints.lsp import editors, offers
from lsp_orch.endpoints.lsp.documents import Documents
from lsp_orch.endpoints.lsp.leases import LeaseCommands
from lsp_orch.endpoints.lsp.office import Office
from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.lsp.screen import LEASES, EditorScreen


class EditorSession:
    """What one editor says."""

    def __init__(
        self, server: EditorServer, documents: Documents, office: Office, *, session_id: str, user: str
    ) -> None:
        self._server = server
        self._documents = documents
        self._office = office
        self.holder_id = session_id
        self._user = user
        self.screen = EditorScreen(server, documents, office, session_id)
        self._commands = LeaseCommands(documents, office, self.screen.watching)
        self._register()

    def lost(self, *, clean: bool) -> None:
        """The connection has ended; without a goodbye the window may come back for its leases."""
        if self._documents.holder:
            self._office.hub.leave(self.screen)
            end = self._office.sessions.left if clean else self._office.sessions.vanished
            self._office.desk.do(lambda tx: end(tx, self.holder_id))

    def _register(self) -> None:
        feature = self._server.feature
        feature(lsp.INITIALIZE)(self._initialize)
        feature(lsp.TEXT_DOCUMENT_DID_OPEN)(self._did_open)
        feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(self._did_change)
        feature(lsp.TEXT_DOCUMENT_WILL_SAVE)(self._will_save)
        feature(lsp.TEXT_DOCUMENT_DID_SAVE)(self._did_save)
        feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(self._did_close)
        feature(lsp.TEXT_DOCUMENT_CODE_ACTION)(self._code_action)
        for name, command in self._commands.table().items():
            self._server.command(name)(command)
        self._server.methods[LEASES] = self.screen.leases

    def _initialize(self, params: lsp.InitializeParams) -> None:
        editor = params.client_info.name if params.client_info else "an editor"
        folders = [each.uri for each in params.workspace_folders or []] or [params.root_uri or ""]
        experimental = params.capabilities.experimental
        self.screen.opted_in = isinstance(experimental, dict) and "lspOrch" in experimental
        self.screen.questions.allowed = editors.takes_questions(params)
        self._documents.folders = self._documents.roots(folders)
        name = f"{self._user} ({editor})"
        self._documents.holder = Holder(
            id=self.holder_id, kind=Party.HUMAN, name=name, session=self.holder_id
        )
        workspace = next(iter(self._documents.folders), "")
        self._office.hub.join(self.screen)
        seen = self._office.sessions.seen
        self._office.desk.do(lambda tx: seen(tx, self.holder_id, Party.HUMAN, name, workspace, pid=0))

    def _did_open(self, params: lsp.DidOpenTextDocumentParams) -> None:
        if scope := self._documents.opened(params.text_document.uri, params.text_document.text):
            self.screen.compare(scope)
            self.screen.refresh(scope)

    def _did_change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        agrees = self._documents.changed(uri, self._text(uri))
        scope = self._documents.scope(uri)
        if scope and (agrees or self.screen.stale.mark(scope)):
            self.screen.compare(scope)

    def _will_save(self, params: lsp.WillSaveTextDocumentParams) -> None:
        """Say once more what the save will cost; the editor waits for nothing."""
        scope = self._documents.scope(params.text_document.uri)
        if scope and (mark := self.screen.stale.mark(scope)):
            self.screen.warn_stale(scope, mark)

    def _did_save(self, params: lsp.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        if scope := self._documents.scope(uri):
            held = any(each.holder.id == self.holder_id for each in self._office.view.on(scope)[0])
            self._documents.written(scope, self._text(uri), held=held)
            self.screen.saved(scope)
        self._documents.saved(uri)

    def _text(self, uri: str) -> str:
        return self._server.workspace.get_text_document(uri).source or ""

    def _did_close(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        scope = self._documents.scope(uri)
        if self._documents.closed(uri):  # an editor goes on showing what it was last told of a file
            self._server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        if scope and not self._documents.uris(scope):
            self.screen.stale.forget(scope)

    def _code_action(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        scope = self._documents.scope(uri)
        if scope is None:
            return []
        leases, waiters = self._office.view.on(scope)
        watched = scope in self.screen.watching
        scene = offers.Scene(me=self.holder_id, uri=uri, leases=leases, waiters=waiters, watched=watched)
        return offers.actions(scene)
