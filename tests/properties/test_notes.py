"""After any sequence of changes from inside and outside, the index says what the files say."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lsp_orch.domain.note import Draft, Filed, Scope
from lsp_orch.domain.recall import Filter
from lsp_orch.services.notes import MOST
from tests.fixtures.vault import NOW, Bench
from tests.properties.histories import THOROUGH

titles = st.sampled_from(["One daemon", "one-daemon", "Two\tdaemons", "日本", "title: x # y"])
bodies = st.sampled_from(["", "body", "---\nbody: no front matter\n---", "camelCase `x`\r\nand more"])
places = st.sampled_from(["alpha.md", "decisions/one-daemon.md", "deep/er/b.md", ".hidden/c.md", "note.txt"])
texts = st.sampled_from(
    [
        "---\ntitle: By hand\ntags: [a, b]\n---\nhello\n",
        "---\nid: note-1\ntype: pitfall\npaths: src/\n---\n",
        "---\nid: note-1\ncreated: 2026-01-01\n---\nsecond of this id\n",
        "---\ntitle: [broken\n---\n",
        "---\ntype: nonsense\n---\n",
        "no front matter\n",
        "---\ntitle: cut off\n",
        "",
        b"---\ntitle: caf\xe9\n---\n",
    ]
)


class VaultMachine(RuleBasedStateMachine):
    """A person, an agent and a daemon change the same vault."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="lo-"))
        self.bench = Bench(self.root)
        self.bench.clock.time = NOW + 1e8  # long after: files are settled, their signatures count
        self.edits = 0

    def teardown(self) -> None:
        self.bench.index.close()
        shutil.rmtree(self.root)

    @rule(
        title=titles,
        body=bodies,
        scope=st.sampled_from(Scope),
        tags=st.sampled_from([(), ("t",), ("t", "u")]),
    )
    def add(self, title: str, body: str, scope: Scope, tags: tuple[str, ...]) -> None:
        self.bench.clock.time += 1
        self.bench.notes.add(self.bench.workspace, Draft(title=title, body=body, scope=scope, tags=tags))

    @rule(path=places, text=texts)
    def write(self, path: str, text: str | bytes) -> None:
        file = self.bench.write(path, text)
        self.edits += 1
        os.utime(file, (NOW + self.edits, NOW + self.edits))

    @rule(path=places, text=texts)
    def write_and_tell(self, path: str, text: str | bytes) -> None:
        self.write(path, text)
        self.bench.notes.changed(self.bench.workspace, [path])

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if files := sorted(self.bench.vault.rglob("*.md")):
            data.draw(st.sampled_from(files)).unlink()

    @rule(data=st.data(), to=places)
    def move(self, data: st.DataObject, to: str) -> None:
        if files := sorted(self.bench.vault.rglob("*.md")):
            target = self.bench.vault / to
            target.parent.mkdir(parents=True, exist_ok=True)
            data.draw(st.sampled_from(files)).rename(target)

    @rule()
    def lose_the_index(self) -> None:
        self.bench.index.close()
        self.bench.index_file.write_bytes(b"no database at all" * 100)

    @rule()
    def reindex(self) -> None:
        self.bench.notes.reindex(self.bench.workspace)

    @invariant()
    def files_and_index_agree(self) -> None:
        listed = self.bench.notes.list(self.bench.workspace, Filter(), MOST).notes
        for vault in (self.bench.workspace, ""):
            scanned = self.bench.files.scan(vault)
            assert isinstance(scanned, dict)
            read = {path: self.bench.files.read(vault, path) for path in scanned}
            truth = {path: filed for path, filed in read.items() if isinstance(filed, Filed)}
            assert {filed.path: filed for filed in listed if filed.workspace == vault} == truth

    @invariant()
    def every_title_finds_its_note(self) -> None:
        for filed in self.bench.notes.list(self.bench.workspace, Filter()).notes:
            hits = self.bench.notes.search(self.bench.workspace, filed.note.title, Filter(), 50)
            assert filed in [hit.filed for hit in hits]


TestVault = VaultMachine.TestCase
TestVault.settings = settings(THOROUGH, max_examples=60, stateful_step_count=12)
