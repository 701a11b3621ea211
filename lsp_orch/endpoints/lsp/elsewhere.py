"""What an editor shows about a file that somebody works on in another checkout."""

from collections.abc import Iterable

from lsprotocol import types as lsp

from lsp_orch.endpoints.kin import Neighbour
from lsp_orch.endpoints.lsp.words import SOURCE

_TOP = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))


def diagnostics(me: str, neighbours: Iterable[Neighbour]) -> list[lsp.Diagnostic]:
    """Say who will meet this work when it is merged; a person's own other window is no news."""
    return [
        lsp.Diagnostic(
            range=_TOP,
            message=each.text,
            severity=lsp.DiagnosticSeverity.Information,
            code="lease-elsewhere",
            source=SOURCE,
        )
        for each in neighbours
        if each.holder_id != me
    ]
