"""Notes: what was learned is kept, found again, and told to who works on the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lsp_orch.domain import injection, note
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.injection import Candidate, Context
from lsp_orch.domain.note import PERSONAL, Draft, Filed, Scope
from lsp_orch.domain.recall import Filter, Ranked, rank, worth
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.words import question
from lsp_orch.services.ports import Clock, Ids, NoteFiles, NoteIndex, Secrets, SettingsOf
from lsp_orch.services.vaults import Vaults

MOST = 10_000  # notes that one list shows

_WEIGHED = 50  # notes that are weighed for a session; far more than any budget holds
_ON_PATH = 0.5  # being about a file in hand counts as half the best answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A note that is on disk. ``known`` when it was there already; ``secrets`` are the kinds taken out."""

    filed: Filed
    known: bool
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A note that answers a question, the score it was ranked by, and the question's words it holds."""

    filed: Filed
    score: float
    words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Notes, and the files that could not be read."""

    notes: tuple[Filed, ...]
    problems: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An index that has just been built: how many notes it holds, and the files that could not be read."""

    notes: int
    problems: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a session is about: its prompt, and the files in hand, relative to the workspace."""

    prompt: str = ""
    paths: tuple[str, ...] = ()


class Notes:
    """The use cases. One thread calls them all; a workspace is an absolute path, or ``PERSONAL``.

    Every method raises Unavailable when the disk is full or the index cannot be used.
    """

    def __init__(
        self,
        files: NoteFiles,
        index: NoteIndex,
        vaults: Vaults,
        secrets: Secrets,
        clock: Clock,
        ids: Ids,
        settings: SettingsOf,
    ) -> None:
        self._files = files
        self._index = index
        self._vaults = vaults
        self._secrets = secrets
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def add(self, workspace: str, draft: Draft) -> Added | Refusal:
        """Keep a note. Saying the same again brings that note up to date instead of adding another."""
        vault = PERSONAL if draft.scope is Scope.USER else workspace
        clean, secrets = self._clean(draft)
        tidy = note.tidy(clean)
        if isinstance(tidy, Refusal):
            return tidy
        same = self._vaults.ask((vault,), lambda: self._same(vault, tidy))
        now = self._clock.now()
        if same:
            filed = self._files.change(same, note.confirm(same.note, tidy, now))
        else:
            filed = self._files.add(vault, note.make(tidy, self._ids.new("note"), now))
        if isinstance(filed, Refusal):
            return filed
        self._vaults.ask((), lambda: self._index.put([filed]))
        return Added(filed=filed, known=same is not None, secrets=secrets)

    def show(self, workspace: str, note_id: str) -> Filed | Refusal:
        """The note as its file has it now."""
        vaults = _nearest_first(workspace)
        for found in self._vaults.ask(vaults, lambda: self._index.by_id(note_id, vaults)):
            filed = self._files.read(found.workspace, found.path)
            if filed is not None:
                return filed
        return Refusal(
            code=Code.NOTE_NOT_FOUND,
            message=f"there is no note {note_id}",
            hint="`lsp-orch vault list` shows what there is, and which files could not be read",
        )

    def list(self, workspace: str, only: Filter, most: int = MOST) -> Listing:
        """The project's notes before the personal ones, the latest change first."""
        vaults = _nearest_first(workspace, only.scope)
        notes = self._vaults.ask(vaults, lambda: self._index.newest(vaults, only, most))
        return Listing(notes=notes, problems=self._vaults.problems(vaults))

    def search(self, workspace: str, query: str, only: Filter, most: int) -> tuple[Hit, ...]:
        """The notes that answer a question best, best first. Any text is a question."""
        vaults = _nearest_first(workspace, only.scope)

        def hits() -> tuple[Hit, ...]:
            ranked = rank(self._index.matches(question(query), vaults, only))[:most]
            return tuple(
                Hit(filed=filed, score=each.score, words=each.words) for each, filed in self._read(ranked)
            )

        return self._vaults.ask(vaults, hits)

    def context(self, workspace: str, work: Work, budget: int | None = None) -> Context:
        """What a session that begins this work should be told, in at most ``budget`` tokens.

        Without a prompt and paths these are the newest notes; with them, only what is worth it.
        """
        vaults = _nearest_first(workspace)
        settings = self._settings(workspace)
        now = self._clock.now()

        def candidates() -> Iterable[Candidate]:
            replaced = self._index.superseded(vaults)
            wanted = work.prompt or work.paths
            found = self._fitting(vaults, work, settings) if wanted else self._newest(vaults)
            return [each for each in found if each.filed.note.id not in replaced and _lasts(each.filed, now)]

        allowed = settings.vault_budget_tokens if budget is None else budget
        return injection.compose(self._vaults.ask(vaults, candidates), allowed)

    def reindex(self, workspace: str) -> Built:
        """Read every file anew."""
        vaults = _nearest_first(workspace)

        def rebuilt() -> int:
            for vault in vaults:
                self._vaults.read_all(vault)
            return self._index.count(vaults)

        return Built(notes=self._vaults.ask((), rebuilt), problems=self._vaults.problems(vaults))

    def changed(self, workspace: str, paths: Iterable[str] | None = None) -> None:
        """Take the news that these files of a vault are different, or (None) that any may be."""
        if paths is None:
            self._vaults.ask((), lambda: self._vaults.look(workspace))
        else:
            named = set(paths)
            self._vaults.ask((), lambda: self._vaults.read(workspace, named))

    def count(self, workspace: str) -> int:
        """How many notes a session in this workspace could be told."""
        vaults = _nearest_first(workspace)
        return self._vaults.ask(vaults, lambda: self._index.count(vaults))

    def _clean(self, draft: Draft) -> tuple[Draft, tuple[str, ...]]:
        title, in_title = self._secrets.remove(draft.title)
        body, in_body = self._secrets.remove(draft.body)
        tags = [self._secrets.remove(tag) for tag in draft.tags]
        kinds = dict.fromkeys((*in_title, *in_body, *(kind for _, found in tags for kind in found)))
        return replace(draft, title=title, body=body, tags=tuple(tag for tag, _ in tags)), tuple(kinds)

    def _same(self, vault: str, draft: Draft) -> Filed | None:
        """The note that says the same, asked of its file: the index may be behind by a moment."""
        found = self._index.same(vault, draft.title, draft.body)
        if found:
            self._vaults.read(vault, [found.path])
        return self._index.same(vault, draft.title, draft.body)

    def _newest(self, vaults: Sequence[str]) -> Iterable[Candidate]:
        newest = self._index.newest(vaults, Filter(), _WEIGHED)
        return [
            Candidate(filed=filed, score=1 / place, why=f"among the newest {filed.note.scope} notes")
            for place, filed in enumerate(newest, 1)
        ]

    def _fitting(self, vaults: Sequence[str], work: Work, settings: Settings) -> Iterable[Candidate]:
        ranked = rank(self._index.matches(question(work.prompt), vaults, Filter()))
        worthy = worth(ranked, settings.vault_threshold)[:_WEIGHED]
        found = {
            (filed.workspace, filed.path): Candidate(
                filed=filed, score=each.score / worthy[0].score, why=_covers(each)
            )
            for each, filed in self._read(worthy)
        }
        for path in work.paths:
            for filed in self._index.on_path(path, vaults)[:_WEIGHED]:
                known = found.get((filed.workspace, filed.path))
                score = (known.score if known else 0.0) + _ON_PATH
                why = f"{known.why}; about {path}" if known else f"about {path}"
                found[filed.workspace, filed.path] = Candidate(filed=filed, score=score, why=why)
        return found.values()

    def _read(self, ranked: Sequence[Ranked]) -> Iterable[tuple[Ranked, Filed]]:
        return zip(ranked, self._index.read([each.key for each in ranked]), strict=True)


def _nearest_first(workspace: str, scope: Scope | None = None) -> tuple[str, ...]:
    """The vaults that count: the project's, then the personal one."""
    if scope is Scope.USER or workspace == PERSONAL:
        return (PERSONAL,)
    return (workspace,) if scope is Scope.PROJECT else (workspace, PERSONAL)


def _lasts(filed: Filed, now: float) -> bool:
    return filed.note.expires is None or filed.note.expires > now


def _covers(ranked: Ranked) -> str:
    words = ", ".join(sorted(ranked.words))
    return f"covers {ranked.coverage:.0%} of the prompt: {words}"
