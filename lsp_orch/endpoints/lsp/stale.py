"""The buffers of one editor that show what is no more: somebody else has written the file since."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lsprotocol import types as lsp

from lsp_orch.domain.scope import Scope
from lsp_orch.domain.version import Author
from lsp_orch.endpoints.lsp.words import top
from lsp_orch.endpoints.shapes import exact_time
from lsp_orch.services.ports import Paths

CODE = "lease-stale-buffer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Who wrote the file when, behind the buffer, and what it said then; ``gone`` when they deleted it."""

    by: Author
    at: float
    said: str = ""
    gone: bool = False

    def happened(self, name: str = "this file") -> str:
        """Who did what, when."""
        did = "deleted" if self.gone else "wrote"
        return f"{self.by.name} {did} {name} at {exact_time(self.at)}"


class StaleBuffers:
    """One mark for each file: the latest write that the person has neither read anew nor saved over."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._marks: dict[Scope, Mark] = {}
        self._over: dict[Scope, Mark] = {}
        self._seen: dict[Scope, str] = {}  # what the file said when a buffer last agreed with it

    def mark(self, scope: Scope) -> Mark | None:
        """What there is to deal with, or has just been overwritten."""
        return self._marks.get(scope) or self._over.get(scope)

    def agreed(self, scope: Scope, texts: Sequence[str]) -> bool:
        """Compare the buffers with the file; whether the person has dealt with what was, by saying the same.

        Of a save some editors tell twice: the changes before it, which we may read when the file says them
        already, and the save itself. So what agrees but was not read anew is remembered until that comes.
        """
        self._over.pop(scope, None)
        if not texts or any(self._differs(scope, text) for text in texts):
            return False
        self._seen[scope] = texts[0]
        mark = self._marks.pop(scope, None)
        if mark and _plain(texts[0]) != mark.said:
            self._over[scope] = mark
        return mark is not None

    def saved(self, scope: Scope, texts: Sequence[str]) -> Mark | None:
        """The person has saved: what they have overwritten by that."""
        over = self._over.pop(scope, None)
        self.agreed(scope, texts)
        return self._over.pop(scope, None) or over

    def written(self, scope: Scope, texts: Iterable[str], by: Author, at: float) -> Mark | None:
        """Somebody else says to have written it: the mark, if a buffer shows what the file said before."""
        seen = self._seen.get(scope)
        if seen is not None and not self._differs(scope, seen):
            return None  # it says what it said: what the buffers have more is the person's own
        if not any(self._differs(scope, text) for text in texts):
            return None
        said = _plain(self._paths.text(scope.key))
        self._marks[scope] = Mark(by=by, at=at, said=said, gone=not self._paths.exists(scope.key))
        return self._marks[scope]

    def forget(self, scope: Scope) -> None:
        """No buffer shows the file any more."""
        self._marks.pop(scope, None)
        self._over.pop(scope, None)
        self._seen.pop(scope, None)

    def diagnostics(self, scope: Scope) -> list[lsp.Diagnostic]:
        """What the editor shows about it."""
        mark = self._marks.get(scope)
        if mark is None:
            return []
        mend = "saving makes it again" if mark.gone else "reload before you save"
        text = f"{mark.happened()}, after you opened it: {mend}."
        return [top(CODE, lsp.DiagnosticSeverity.Warning, text)]

    def _differs(self, scope: Scope, text: str) -> bool:
        return self._paths.unsaved(scope.key, text)


def warning(mark: Mark, name: str) -> str:
    """What pops up where the person may lose something: they have changes of their own, or save."""
    if mark.gone:
        return f"{mark.happened(name)}: saving makes it again."
    return (
        f"{mark.happened(name)}, and your buffer does not have that: saving overwrites it. "
        f"`lsp-orch recover list {name}` shows what is kept."
    )


def _plain(text: str) -> str:
    """What does not depend on how an editor writes line ends, the last one and a byte order mark."""
    return text.replace("\r\n", "\n").removeprefix("\ufeff").removesuffix("\n")
