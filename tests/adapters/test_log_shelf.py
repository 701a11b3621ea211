"""Logs are kept for a while, and those that are being written for ever."""

import os
from pathlib import Path

from lsp_orch.adapters.log_shelf import LogShelf


def put(root: Path, name: str, at: float, size: int = 10) -> str:
    path = root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (at, at))
    return str(path)


def left(root: Path) -> list[str]:
    return sorted(str(each.relative_to(root)) for each in root.rglob("*"))


def test_what_is_too_old_goes_with_its_folder(tmp_path: Path) -> None:
    for name, at in (("old/1.jsonl", 5.0), ("mixed/1.jsonl", 5.0), ("mixed/2.jsonl", 20.0)):
        put(tmp_path, name, at)
    assert LogShelf(tmp_path).prune(10.0, 1000, ()) == 2
    assert left(tmp_path) == ["mixed", "mixed/2.jsonl"]


def test_while_there_is_too_much_the_oldest_go_first(tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path, f"task/{number}.jsonl", 100.0 + number)
    assert LogShelf(tmp_path).prune(0.0, 25, ()) == 3
    assert left(tmp_path) == ["task", "task/3.jsonl", "task/4.jsonl"]


def test_what_is_being_written_stays_however_old_and_large(tmp_path: Path) -> None:
    spared = put(tmp_path, "busy/1.jsonl", 1.0, 500)
    put(tmp_path, "idle/1.jsonl", 200.0)
    assert LogShelf(tmp_path).prune(100.0, 100, {spared}) == 1
    assert left(tmp_path) == ["busy", "busy/1.jsonl"]


def test_nothing_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert LogShelf(tmp_path / "nowhere").prune(100.0, 100, ()) == 0
