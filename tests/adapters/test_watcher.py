"""The watcher: what others change is reported, and a gap in watching is admitted."""

import queue
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_orch.adapters.watcher import VaultWatcher
from lsp_orch.domain.note import Draft
from lsp_orch.domain.recall import Filter
from tests.fixtures.vault import Bench

PATIENCE_S = 10.0  # a report that has not come by then never comes

Report = tuple[str, frozenset[str] | None]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def reports() -> queue.SimpleQueue[Report]:
    return queue.SimpleQueue()


@pytest.fixture
def watcher(bench: Bench, reports: queue.SimpleQueue[Report]) -> Iterator[VaultWatcher]:
    watcher = VaultWatcher(bench.files.root, lambda workspace, paths: reports.put((workspace, paths)))
    yield watcher
    watcher.close()


def reported(reports: queue.SimpleQueue[Report], wanted: Callable[[Report], bool]) -> None:
    while not wanted(reports.get(timeout=PATIENCE_S)):
        pass


def test_an_edit_from_outside_is_found_without_another_look(
    bench: Bench, watcher: VaultWatcher, reports: queue.SimpleQueue[Report]
) -> None:
    bench.vaults._watch = watcher
    filed = bench.add(Draft(title="One daemon", body="why"))
    bench.notes.list(bench.workspace, Filter())
    assert watcher.watch(bench.workspace)
    file = bench.vault / filed.path
    file.write_text(
        file.read_text(encoding="utf-8").replace("why", "because of the flimflam"), encoding="utf-8"
    )
    while not (hits := bench.notes.search(bench.workspace, "flimflam", Filter(), 5)):
        bench.notes.changed(*reports.get(timeout=PATIENCE_S))
    assert [hit.filed.note.id for hit in hits] == [filed.note.id]


def test_the_first_look_is_ours_and_later_ones_are_not_needed(bench: Bench, watcher: VaultWatcher) -> None:
    assert [watcher.watch(bench.workspace) for _ in range(3)] == [False, True, True]


def test_a_vault_that_is_not_there_yet_is_watched_once_it_is(bench: Bench, watcher: VaultWatcher) -> None:
    bench.vault.rmdir()
    assert [watcher.watch(bench.workspace) for _ in range(2)] == [False, False]
    bench.vault.mkdir()
    assert [watcher.watch(bench.workspace) for _ in range(2)] == [False, True]


def test_a_vault_that_was_replaced_is_looked_at_again(
    bench: Bench, watcher: VaultWatcher, reports: queue.SimpleQueue[Report]
) -> None:
    watcher.watch(bench.workspace)
    shutil.rmtree(bench.vault)
    bench.vault.mkdir()
    reported(reports, lambda report: report == (bench.workspace, None))
    assert [watcher.watch(bench.workspace) for _ in range(2)] == [False, True]
    bench.write("a.md", "---\n---\n")
    reported(reports, lambda report: report[1] is not None and "a.md" in report[1])


def test_a_new_folder_with_notes_makes_us_look_at_everything(
    bench: Bench, watcher: VaultWatcher, reports: queue.SimpleQueue[Report], tmp_path: Path
) -> None:
    watcher.watch(bench.workspace)
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    (pulled / "b.md").write_text("---\n---\n", encoding="utf-8")
    pulled.rename(bench.vault / "pulled")
    reported(reports, lambda report: report == (bench.workspace, None))


def test_reading_and_hidden_files_are_not_reported(
    bench: Bench, watcher: VaultWatcher, reports: queue.SimpleQueue[Report]
) -> None:
    bench.write("a.md", "---\n---\n")
    bench.write(".obsidian/x.md", "---\n---\n")
    watcher.watch(bench.workspace)
    (bench.vault / "a.md").read_bytes()
    bench.write(".obsidian/x.md", "---\ntitle: a\n---\n")
    bench.write("a.txt", "no note")
    bench.write("last.md", "---\n---\n")
    assert reports.get(timeout=PATIENCE_S) == (bench.workspace, frozenset({"last.md"}))


def test_a_system_that_watches_no_more_files_is_looked_at_each_time(
    bench: Bench, watcher: VaultWatcher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def limit(*_: object, **__: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(watcher._running(), "schedule", limit)
    assert [watcher.watch(bench.workspace) for _ in range(2)] == [False, False]
    assert "cannot be watched" in caplog.text


def test_nothing_is_reported_after_the_end(
    bench: Bench, watcher: VaultWatcher, reports: queue.SimpleQueue[Report]
) -> None:
    watcher.watch(bench.workspace)
    bench.write("a.md", "---\n---\n")
    watcher.close()
    while not reports.empty():
        reports.get()
    bench.write("b.md", "---\n---\n")
    assert reports.empty()
