"""The files of one editor that somebody else has written, until the person saves them or reads them anew."""

from lsprotocol import types as lsp

from lsp_orch.domain.events import ForeignWrite
from lsp_orch.domain.scope import Scope
from lsp_orch.endpoints import alarm
from lsp_orch.endpoints.lsp.words import top


class ForeignMarks:
    """One mark a file: the latest write that the person has not dealt with."""

    def __init__(self) -> None:
        self._marks: dict[str, ForeignWrite] = {}

    def mark(self, write: ForeignWrite) -> None:
        """The buffer does not say what the file says."""
        self._marks[write.path] = write

    def marked(self, scope: Scope) -> bool:
        """Whether there is something to deal with."""
        return scope.key in self._marks

    def clear(self, scope: Scope) -> bool:
        """The person has dealt with it; whether there was something."""
        return self._marks.pop(scope.key, None) is not None

    def diagnostics(self, scope: Scope) -> list[lsp.Diagnostic]:
        """What the editor shows about it."""
        write = self._marks.get(scope.key)
        if write is None:
            return []
        text = f"{alarm.happened(write)} {alarm.mend(write)} Saving now would overwrite it."
        return [top(alarm.CODE, lsp.DiagnosticSeverity.Warning, text)]


def warning(write: ForeignWrite) -> lsp.ShowMessageParams:
    """What pops up, once."""
    message = f"lsp-orch: {alarm.happened(write)} {alarm.mend(write)}"
    return lsp.ShowMessageParams(lsp.MessageType.Warning, message)
