"""``lsp-orch daemon`` with the real one."""

import subprocess
from pathlib import Path

import pytest

from lsp_orch import __version__
from lsp_orch.cli import tail
from lsp_orch.cli.tail import lines
from tests.fixtures.daemon import Instance


def test_start_status_restart_stop(instance: Instance) -> None:
    stopped = instance.json("daemon", "status", status=3)
    assert stopped["running"] is False
    started = instance.json("daemon", "start")
    assert (started["running"], started["version"]) == (True, __version__)
    assert instance.json("daemon", "start")["pid"] == started["pid"]
    assert instance.json("daemon", "status")["pid"] == started["pid"]
    restarted = instance.json("daemon", "restart")
    assert restarted["pid"] != started["pid"]
    assert instance.json("daemon", "stop") == {"stopped": True, "pid": restarted["pid"]}
    assert instance.json("daemon", "stop") == {"stopped": False, "pid": None}


def test_status_never_starts_a_daemon(instance: Instance) -> None:
    assert instance.cli("daemon", "status").returncode == 3
    assert instance.pid() is None


def test_the_log_is_shown(instance: Instance) -> None:
    assert instance.json("daemon", "logs")["lines"] == []
    pid = instance.json("daemon", "start")["pid"]
    assert f"serves, pid {pid}" in instance.cli("daemon", "logs").stdout


def test_the_log_is_followed_as_it_grows(instance: Instance) -> None:
    instance.json("daemon", "start")
    with subprocess.Popen(
        instance.command("daemon", "logs", "--follow"), env=instance.env, stdout=subprocess.PIPE, text=True
    ) as follow:
        assert follow.stdout
        assert "serves" in follow.stdout.readline()
        instance.json("daemon", "stop")
        assert "left in order" in follow.stdout.readline()
        follow.terminate()


def test_a_log_that_moved_away_is_followed_by_its_successor(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("one\ntwo\n", encoding="utf-8")
    followed = lines(str(log), follow=True)
    assert [next(followed), next(followed)] == ["one", "two"]
    log.rename(tmp_path / "x.log.1")
    fresh = tmp_path / "fresh"
    fresh.write_text("three\n", encoding="utf-8")
    fresh.rename(log)
    assert next(followed) == "three"
    with log.open("a", encoding="utf-8") as file:
        file.write("fo")
        file.flush()
        file.write("ur\n")
    assert next(followed) == "four"


def test_a_log_that_does_not_exist_yet_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "x.log"
    wait = tail._Changed.wait

    def written_meanwhile(changed: tail._Changed) -> None:
        log.write_text("first\n", encoding="utf-8")
        wait(changed)

    monkeypatch.setattr(tail._Changed, "wait", written_meanwhile)
    assert next(lines(str(log), follow=True)) == "first"


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert list(lines(str(tmp_path / "none"), follow=False)) == []
