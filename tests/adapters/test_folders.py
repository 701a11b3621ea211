"""Watched folders, with the system's own events: what is reported, what is not, and how many there may be."""

import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_orch.adapters.folders import Ear, WatchedFolders
from lsp_orch.adapters.inotify import InotifyEar
from lsp_orch.adapters.observer import ObserverEar
from lsp_orch.adapters.trees import GitTrees
from lsp_orch.services.ports import Touch, Touched, Watching

PATIENCE_S = 10.0  # what has not come by then never comes

Report = tuple[str, Touch]
EARS: dict[str, Callable[[Touched], Ear]] = {"inotify": InotifyEar, "observer": ObserverEar}


class Bench:
    """A checkout with folders, and all that is reported of it."""

    def __init__(self, root: Path, ear: Callable[[Touched], Ear], most: int = 100) -> None:
        self.root = root
        self.reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self.folders = WatchedFolders(
            lambda path, touch: self.reports.put((path, touch)), GitTrees(), most, ear
        )

    def need(self, *names: str, held: bool = True) -> None:
        """Watch folders from now on."""
        for name in names:
            self.folders.need(str(self.root / name), held=held)
        self.folders.settle()
        self.drain()

    def tree(self, name: str) -> None:
        self.folders.need_tree(str(self.root / name))
        self.folders.settle()
        self.drain()

    def drain(self) -> None:
        while not self.reports.empty():
            self.reports.get()

    def write(self, name: str, text: str = "x") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def until(self, name: str, *touches: Touch) -> list[str]:
        """Wait for a report of it; the names of what was reported before."""
        wanted = str(self.root / name)
        seen: list[str] = []
        while True:
            path, touch = self.reports.get(timeout=PATIENCE_S)
            if path == wanted and touch in (touches or tuple(Touch)):
                return seen
            seen.append(os.path.relpath(path, self.root))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "checkout"
    for name in ("a", "b/deep", "c"):
        (root / name).mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", root], check=True)
    return root


@pytest.fixture(params=list(EARS.values()), ids=list(EARS))
def bench(request: pytest.FixtureRequest, checkout: Path) -> Iterator[Bench]:
    bench = Bench(checkout, request.param)
    yield bench
    bench.folders.close()


@pytest.fixture
def ours(checkout: Path) -> Iterator[Bench]:
    """With the ear that Linux has."""
    bench = Bench(checkout, InotifyEar, most=4)
    yield bench
    bench.folders.close()


WAYS: dict[str, Callable[[Path], object]] = {
    "written": lambda path: path.write_text("new", encoding="utf-8"),
    "removed": lambda path: path.unlink(),
    "renamed away": lambda path: path.rename(path.with_name("elsewhere")),
    "renamed over": lambda path: Path(shutil.copy(path, path.with_name("copy"))).rename(path),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_whatever_happens_to_a_file_in_a_watched_folder_is_reported(
    bench: Bench, way: Callable[[Path], object]
) -> None:
    bench.write("a/file")
    bench.need("a")
    way(bench.root / "a" / "file")
    bench.until("a/file", Touch.DONE)


def test_a_file_that_stays_open_is_reported_as_being_written(bench: Bench) -> None:
    bench.write("a/log")
    bench.need("a")
    with (bench.root / "a" / "log").open("a", encoding="utf-8") as log:
        log.write("more")
        log.flush()
        bench.until("a/log", Touch.OPEN)


def test_other_folders_and_mere_reading_are_not_reported(bench: Bench) -> None:
    bench.write("a/file")
    bench.write("b/deep/file")
    bench.need("a")
    bench.write("b/deep/file", "y")
    bench.write("c/file")
    (bench.root / "a" / "file").read_bytes()
    bench.write("a/last")
    assert [each for each in bench.until("a/last", Touch.DONE) if each != "a/last"] == []


def test_a_folder_is_looked_at_when_its_watch_begins(bench: Bench) -> None:
    bench.folders.need(str(bench.root / "a"), held=False)
    assert bench.until("a", Touch.FOLDER) == []


def test_a_folder_that_is_not_there_yet_is_watched_once_it_is(ours: Bench) -> None:
    ours.need("new/er")
    ours.write("new/er/file")
    ours.until("new/er", Touch.FOLDER)
    ours.folders.settle()
    ours.write("new/er/file", "y")
    ours.until("new/er/file", Touch.DONE)


@pytest.mark.parametrize("name", ["b", "b/deep"])
def test_a_folder_that_was_removed_or_replaced_is_looked_at_and_watched_again(ours: Bench, name: str) -> None:
    ours.need("b/deep")
    (ours.root / name).rename(ours.root / "gone")
    ours.until("b/deep", Touch.FOLDER)
    ours.write("b/deep/file")
    ours.until("b/deep", Touch.FOLDER)
    ours.folders.settle()
    ours.drain()
    ours.write("b/deep/file", "y")
    ours.until("b/deep/file", Touch.DONE)


def test_what_nobody_needs_any_more_is_not_reported(ours: Bench) -> None:
    ours.need("a", "c")
    ours.folders.drop(str(ours.root / "a"))
    ours.folders.settle()
    ours.write("a/file")
    ours.write("c/last")
    assert set(ours.until("c/last", Touch.DONE)) == {"c/last"}
    assert ours.folders.watching().folders == 2


def test_above_the_limit_the_least_recently_read_goes_first_and_it_is_said(
    ours: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("1", "2", "3", "4"):
        (ours.root / name).mkdir()
    ours.need("1", held=True)
    ours.need("2", "3", held=False)
    assert ours.folders.watching().dropped == 0
    ours.need("2", held=False)  # the checkout and three: now 3 is the oldest
    ours.need("4", held=False)
    assert f"{ours.root / '3'} is not watched any more" in caplog.text
    seen = ours.folders.watching()
    assert (seen.folders, seen.most, seen.dropped, seen.alive) == (4, 4, 1, True)
    for name in ("3", "1", "2", "4"):
        ours.write(f"{name}/file")
    assert {each.split("/")[0] for each in ours.until("4/file", Touch.DONE)} == {"1", "2", "4"}


def test_where_all_are_held_the_oldest_goes(ours: Bench, caplog: pytest.LogCaptureFixture) -> None:
    ours.need("a", "c", "b", "d", held=True)
    assert ours.folders.watching() == Watching(alive=True, folders=4, most=4, dropped=0), "d is not there"
    (ours.root / "d").mkdir()
    ours.until("d", Touch.FOLDER)
    ours.folders.settle()
    assert ours.folders.watching() == Watching(alive=True, folders=4, most=4, dropped=1)
    assert f"{ours.root / 'a'} is not watched any more" in caplog.text


def test_a_system_that_watches_no_more_is_told_of(checkout: Path, caplog: pytest.LogCaptureFixture) -> None:
    def full(_: Touched) -> Ear:
        raise OSError(24, "inotify instance limit reached")

    bench = Bench(checkout, full)
    bench.need("a", "b")
    seen = bench.folders.watching()
    assert (seen.alive, seen.folders, seen.dropped) == (False, 0, 2)
    assert "a cannot be watched: [Errno 24] inotify instance limit reached (1 so far)" in caplog.text
    bench.folders.close()


def test_nothing_is_reported_after_the_end(bench: Bench) -> None:
    bench.need("a")
    bench.folders.close()
    bench.drain()
    bench.write("a/file")
    assert bench.reports.empty()
    assert not [each for each in threading.enumerate() if each.name.startswith(("inotify", "folders"))]


def test_a_thousand_folders_cost_one_thread(checkout: Path) -> None:
    """watchdog's own observer would take a thousand."""
    bench = Bench(checkout, InotifyEar, most=2000)
    names = [f"f{number}" for number in range(1000)]
    for name in names:
        (checkout / name).mkdir()
    before = threading.active_count()
    bench.need(*names)
    assert threading.active_count() <= before + 2
    assert bench.folders.watching().folders == 1001
    bench.write("f777/file")
    bench.until("f777/file", Touch.DONE)
    bench.folders.close()


# --- trees ---


@pytest.fixture
def wood(checkout: Path) -> Iterator[Bench]:
    """A checkout with a tree, of which a part is ignored."""
    bench = Bench(checkout, InotifyEar)
    for name in (".gitignore", "wood/one", "wood/in/two", "wood/build/three"):
        bench.write(name, "build/\n*.log\n")
    bench.tree("wood")
    yield bench
    bench.folders.close()


def test_a_tree_is_watched_without_what_git_ignores(wood: Bench) -> None:
    assert wood.folders.watching().folders == 3  # the checkout, wood and wood/in
    wood.write("wood/build/three", "y")
    wood.write("wood/in/two", "y")
    assert {"wood/in/two"} >= set(wood.until("wood/in/two", Touch.DONE))


def test_a_new_folder_of_a_tree_is_watched_and_what_is_in_it_already_is_reported(wood: Bench) -> None:
    wood.write("grown/up/file")
    (wood.root / "grown").rename(wood.root / "wood" / "grown")
    wood.until("wood/grown/up/file", Touch.DONE)
    before = wood.folders.watching().folders
    wood.write("wood/in/build/out")
    wood.write("wood/in/more/file")
    wood.until("wood/in/more/file", Touch.DONE)
    wood.folders.settle()
    assert wood.folders.watching().folders == before + 1, "an ignored folder is watched"


def test_a_tree_that_nobody_needs_leaves_what_others_need(wood: Bench) -> None:
    wood.need("wood/in")
    wood.folders.drop_tree(str(wood.root / "wood"))
    wood.folders.settle()
    wood.drain()
    wood.write("wood/one", "y")
    wood.write("wood/in/two", "y")
    wood.until("wood/in/two", Touch.DONE)
    assert wood.folders.watching().folders == 3
    wood.folders.drop(str(wood.root / "wood" / "in"))
    wood.folders.settle()
    assert wood.folders.watching().folders == 0


def test_what_lies_below_a_folder(checkout: Path, tmp_path: Path) -> None:
    trees = GitTrees()
    for name in ("a/x", "b/deep/y", "b/z.log", ".git/hooks/h"):
        (checkout / name).write_text("", encoding="utf-8")
    (checkout / ".gitignore").write_text("*.log\n", encoding="utf-8")
    root = str(checkout)
    assert trees.files(root, 9) == tuple(f"{root}/{name}" for name in (".gitignore", "a/x", "b/deep/y"))
    assert trees.folders(root, 9) == (root, f"{root}/a", f"{root}/b", f"{root}/b/deep")
    assert trees.folders(root, 2) == (root, f"{root}/a")
    ignored = [
        name
        for name in ("a/x", "b/z.log", ".git/hooks/h", "gone/x.log", "gone/x")
        if trees.ignored(f"{root}/{name}")
    ]
    assert ignored == ["b/z.log", ".git/hooks/h", "gone/x.log"]
    plain = tmp_path / "plain"
    (plain / "in").mkdir(parents=True)
    (plain / "in" / "x.log").write_text("", encoding="utf-8")
    assert trees.files(str(plain), 9) == (f"{plain}/in/x.log",)
    assert not trees.ignored(f"{plain}/in/x.log")
