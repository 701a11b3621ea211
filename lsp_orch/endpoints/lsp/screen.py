"""What one editor shows: diagnostics of the files it has open, and what its person is told."""

from typing import Any

from lsprotocol import types as lsp

from lsp_orch.domain.events import ForeignWrite, ReapingFrozen
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.lease import Lease, Party
from lsp_orch.domain.scope import Kind, Scope, touch
from lsp_orch.domain.version import Author
from lsp_orch.endpoints import alarm, shapes
from lsp_orch.endpoints.lsp import elsewhere, stale, words
from lsp_orch.endpoints.lsp.documents import Documents
from lsp_orch.endpoints.lsp.office import Office
from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.lsp.questions import Questions
from lsp_orch.endpoints.lsp.stale import Mark, StaleBuffers
from lsp_orch.endpoints.lsp.watching import Watching
from lsp_orch.endpoints.resources import shown
from lsp_orch.store.base import Tx

LEASES = "lspOrch/leases"
_INFO, _WARNING = lsp.MessageType.Info, lsp.MessageType.Warning


class EditorScreen:
    """The hub sends the news here; the session says what the person does."""

    def __init__(self, server: EditorServer, documents: Documents, office: Office, holder_id: str) -> None:
        self._server = server
        self._documents = documents
        self._office = office
        self.holder_id = holder_id
        self.opted_in = False
        self.stale = StaleBuffers(office.paths)
        self.watching = Watching(
            office.view, lambda scope, news: self._say(_INFO, f"{self.name(scope)} {news}.")
        )
        self.questions = Questions(server, office, self._say)

    def refresh(self, scope: Scope) -> None:
        """Show anew what there is to say about all files that the scope overlaps."""
        for each in self._documents.shown():
            if touch((each,), (scope,)):
                self._publish(each)
        self.watching.changed(scope, self.holder_id)
        if self.opted_in:
            self._server.push(LEASES, self.leases({}))

    def leases(self, _: dict[str, Any]) -> dict[str, Any]:
        """``{"leases": [Lease]}``: all that are live."""
        return {"leases": [shapes.lease(lease) for lease in self._office.view.leases()]}

    def granted(self, lease: Lease) -> None:
        """Tell the person that what they waited for is theirs."""
        self._tell(_INFO, lease, "is yours now")

    def taken(self, lease: Lease, by: str, reason: str) -> None:
        """Tell the person that somebody has taken a lease of theirs; what they type next asks for it anew."""
        self._documents.lost(lease.scopes)
        self._tell(_WARNING, lease, f"- {by} has taken it" + (f": {reason}" if reason else ""))

    def given(self, lease: Lease, to: str) -> None:
        """Tell the person where a lease of theirs went that was handed over."""
        self._documents.lost(lease.scopes)
        self._tell(_INFO, lease, f"went to {to}")

    def wanted(self, lease: Lease, waiter: Waiter) -> None:
        """Ask or tell the person about somebody who wants a lease of theirs."""
        self.questions.wanted(lease, waiter)

    def written(self, scope: Scope, by: Author, at: float) -> None:
        """Somebody wrote a file: whoever shows what it said before is told, before they save."""
        if by.id == self.holder_id or not self._documents.uris(scope):
            return
        if mark := self.stale.written(scope, self._texts(scope), by, at):
            if self._documents.dirty(scope):
                self.warn_stale(scope, mark)
            self._publish(scope)

    def foreign(self, write: ForeignWrite) -> None:
        """Tell the person of a write to a file that they hold or show by somebody who did not hold it."""
        scope = Scope(Kind.FILE, write.path)
        held = any(each.id == self.holder_id for each in write.holders)
        if write.by.id == self.holder_id or not (held or self._documents.uris(scope)):
            return
        self._say(_WARNING, f"{alarm.happened(write)} {alarm.mend(write)}")
        if self.stale.written(scope, self._texts(scope), write.by, write.at):
            self._publish(scope)

    def frozen(self, freeze: ReapingFrozen) -> None:
        """Tell the person that nothing ends by itself for a while."""
        until = shapes.clock_time(freeze.until)
        self._say(
            _WARNING,
            f"{freeze.why}. Until {until} nobody is taken for dead and no lease ends by itself; "
            "what is asked for is granted as ever.",
        )

    def compare(self, scope: Scope) -> None:
        """Take a mark away where the buffers say what the file says."""
        if self.stale.agreed(scope, self._texts(scope)):
            self._publish(scope)

    def warn_stale(self, scope: Scope, mark: Mark) -> None:
        """Say that a save would cost what somebody else wrote."""
        self._say(_WARNING, stale.warning(mark, self.name(scope)))

    def saved(self, scope: Scope) -> None:
        """The person has saved: an agent whose work that overwrote hears of it."""
        marked = self.stale.mark(scope)
        if over := self.stale.saved(scope, self._texts(scope)):
            self._server.peer.spawn(self._tell_writer(scope, over))
        if marked:
            self._publish(scope)

    def name(self, scope: Scope) -> str:
        """A file as the person knows it."""
        return shown(scope, self._office.paths.workspace(scope.key))

    def _publish(self, scope: Scope) -> None:
        found = words.diagnostics(self.holder_id, *self._office.view.on(scope))
        found += elsewhere.diagnostics(self.holder_id, self._office.hub.elsewhere(scope))
        found += self.stale.diagnostics(scope)
        for uri in self._documents.uris(scope):
            self._server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found))

    def _texts(self, scope: Scope) -> list[str]:
        documents = map(self._server.workspace.get_text_document, self._documents.uris(scope))
        return [each.source or "" for each in documents]

    async def _tell_writer(self, scope: Scope, mark: Mark) -> None:
        session = mark.by.id.partition("/")[0]

        def is_agent(tx: Tx) -> bool:
            known = tx.sessions.by_id(session)
            return known is not None and known.kind is Party.AGENT

        if await self._office.desk.do(is_agent):
            who = self._documents.holder.name if self._documents.holder else "somebody"
            self._office.tell(mark.by.id, _overwritten(self.name(scope), who, mark))

    def _tell(self, kind: lsp.MessageType, lease: Lease, news: str) -> None:
        self._say(kind, f"{', '.join(shown(scope, lease.workspace) for scope in lease.scopes)} {news}.")

    def _say(self, kind: lsp.MessageType, text: str) -> None:
        self._server.window_show_message(lsp.ShowMessageParams(kind, f"lsp-orch: {text}"))


def _overwritten(name: str, who: str, mark: Mark) -> str:
    did = "brought back" if mark.gone else "saved"
    return (
        f"{who} has {did} {name} over what you did to it at {shapes.exact_time(mark.at)}. Read it again "
        f"before you write it. `lsp-orch recover list {name}` shows what is kept of what you wrote."
    )
