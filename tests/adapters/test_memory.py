"""How much memory is free, under each kind of limit."""

from math import inf
from pathlib import Path

import psutil
import pytest

from lsp_orch.adapters import memory

MIB = 1024**2


class Plenty:
    available = 4000 * MIB


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(psutil, "virtual_memory", Plenty)
    return tmp_path / "groups"


def write(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, said in files.items():
        (folder / name.replace("_", ".", 1)).write_text(f"{said}\n", "ascii")


def free(groups: Path, own: str) -> float:
    file = groups.parent / "cgroup"
    file.write_text(own)
    return memory.free_mb(groups, file)


def test_without_a_limit_it_is_the_machines(groups: Path) -> None:
    assert free(groups, "0::/a\n") == 4000
    assert memory.free_mb(groups, groups / "not-there") == 4000


def test_the_tightest_limit_above_us_counts_and_cached_files_do_not(groups: Path) -> None:
    write(groups / "a" / "b", memory_max="max", memory_current=900 * MIB)
    stat = f"anon 5\ninactive_file {50 * MIB}"
    write(groups / "a", memory_max=1000 * MIB, memory_current=950 * MIB, memory_stat=stat)
    assert free(groups, "0::/a/b\n") == 100
    assert free(groups, "0::/\n") == 4000


def test_the_older_kind_of_groups_has_a_tree_of_its_own(groups: Path) -> None:
    folder = groups / "memory" / "a"
    write(folder, memory_limit_in_bytes=300 * MIB, memory_usage_in_bytes=100 * MIB)
    assert free(groups, "4:cpu:/a\n7:memory:/a\n") == 200


def test_this_machine_has_some() -> None:
    assert 0 < memory.free_mb() < inf
