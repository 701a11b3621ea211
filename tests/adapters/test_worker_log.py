"""A worker's log is bounded, private, and free of the secrets we know."""

import json
from pathlib import Path

import pytest

from lsp_orch.adapters import worker_log
from lsp_orch.adapters.worker_log import WorkerLog, secrets

KEY = 'sk-"quoted"\\and\u00fcmlaut'


def test_secrets_are_removed_as_they_are_and_as_json_writes_them(tmp_path: Path) -> None:
    log = WorkerLog(
        str(tmp_path / "a/1.jsonl"), secrets({"ANTHROPIC_API_KEY": KEY, "GH_TOKEN": "ghp_0123456789"})
    )
    log.write(json.dumps({"text": f"the key is {KEY}"}))
    log.write(f"plainly {KEY} and ghp_0123456789")
    log.close()
    text = (tmp_path / "a/1.jsonl").read_text(encoding="utf-8")
    assert "sk-" not in text
    assert "ghp" not in text
    assert text.count("[removed]") == 3


def test_what_is_no_secret_stays() -> None:
    assert secrets({"PATH": "/usr/local/bin", "SORT_KEY": "name", "LANG": "C.UTF-8-and-long"}) == set()


def test_a_log_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_log, "_MOST", 100)
    log = WorkerLog(str(tmp_path / "1.jsonl"), ())
    for number in range(100):
        log.write(f"line {number}")
    log.close()
    lines = (tmp_path / "1.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "line 0"
    assert lines[-1].startswith("(the log is full")
    assert len(lines) < 20


def test_only_its_owner_reads_it_and_a_second_run_goes_on_in_it(tmp_path: Path) -> None:
    for text in ("first", "second \ud800"):
        log = WorkerLog(str(tmp_path / "1.jsonl"), ())
        log.write(text)
        log.close()
    assert (tmp_path / "1.jsonl").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "1.jsonl").read_text(encoding="utf-8").splitlines() == ["first", "second \\ud800"]


def test_a_line_that_comes_after_the_end_is_dropped(tmp_path: Path) -> None:
    log = WorkerLog(str(tmp_path / "1.jsonl"), ())
    log.write("first")
    log.close()
    log.write("late")
    assert (tmp_path / "1.jsonl").read_text(encoding="utf-8") == "first\n"
