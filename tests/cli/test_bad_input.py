"""What is broken around us: each verb gives the code and the mend, and nothing is lost."""

import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.daemon import Instance


def _config(text: str) -> Callable[[Instance], None]:
    def seed(instance: Instance) -> None:
        folder = instance.home / "config"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(text, encoding="utf-8")

    return seed


def _newer(instance: Instance) -> None:
    with sqlite3.connect(_store(instance)) as db:
        db.execute("PRAGMA user_version = 9999")
    db.close()


def _corrupt(instance: Instance) -> None:
    _store(instance).write_bytes(b"this was never a database" * 400)


def _no_home(instance: Instance) -> None:
    # a file where a folder must be: root too is refused
    instance.home.write_text("a file", encoding="utf-8")


def _no_store_folder(instance: Instance) -> None:
    _store(instance).mkdir()


def _no_log(instance: Instance) -> None:
    instance.home.mkdir()
    (instance.home / "log").write_text("a file", encoding="utf-8")


def _store(instance: Instance) -> Path:
    file = instance.home / "state" / "default.db"
    file.parent.mkdir(parents=True)
    return file


BROKEN = [
    (_config("[leases]\nttl_s = 'x'\n"), "bad-setting", "config.toml:2"),
    (_config("nonsense = 1\n"), "bad-setting", "config.toml:1"),
    (_config("= \n"), "bad-setting", "config.toml:1"),
    (_newer, "store-newer", "default.db"),
    (_corrupt, "store-corrupt", "default.db"),
    (_no_home, "home-read-only", "orch"),
    (_no_store_folder, "home-read-only", "default.db"),
    (_no_log, "home-read-only", "log"),
]


@pytest.mark.parametrize(("seed", "code", "named"), BROKEN)
def test_what_keeps_the_daemon_from_starting_is_told_with_its_mend(
    instance: Instance, seed: Callable[[Instance], None], code: str, named: str
) -> None:
    seed(instance)
    error = instance.json("status", status=3)["error"]
    assert error["code"] == code
    assert named in error["message"]
    assert error["hint"]


@pytest.mark.parametrize("verb", ["lease list", "lease watch", "config show", "daemon start", "task list"])
def test_it_reaches_every_verb(instance: Instance, verb: str) -> None:
    _corrupt(instance)
    done = instance.cli(*verb.split())
    assert (done.returncode, done.stdout) == (3, "")
    assert "[store-corrupt]" in done.stderr
    assert "recover" in done.stderr


@pytest.mark.parametrize(("name", "value"), [("LSP_ORCH_LOG", "loud"), ("LSP_ORCH_STORE", "mysql://x")])
def test_a_variable_that_makes_no_sense_is_named(instance: Instance, name: str, value: str) -> None:
    instance.env[name] = value
    error = instance.json("status", status=3)["error"]
    assert error["code"] == "bad-setting"
    assert error["message"].startswith(f"{name}: ")


def test_a_corrupt_store_is_left_as_it_was(instance: Instance) -> None:
    _corrupt(instance)
    file = instance.home / "state" / "default.db"
    before = file.read_bytes()
    instance.cli("status")
    assert file.read_bytes() == before


def test_a_socket_that_a_killed_daemon_left_is_taken_over(instance: Instance) -> None:
    lease = instance.json("lease", "acquire", "README.md", "--as", "ada")["lease"]
    instance.kill()
    assert (instance.home / "run" / "default.sock").exists()
    assert [each["id"] for each in instance.json("lease", "list")["leases"]] == [lease["id"]]


def test_a_file_in_the_sockets_place_is_taken_over(instance: Instance) -> None:
    folder = instance.home / "run"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "default.sock").write_text("no socket", encoding="utf-8")
    assert instance.json("status")["daemon"]["pid"]


def test_an_instance_name_that_can_name_no_file_is_refused(instance: Instance) -> None:
    instance.env["LSP_ORCH_INSTANCE"] = "../x"
    assert instance.json("status", status=3)["error"]["code"] == "bad-setting"
    del instance.env["LSP_ORCH_INSTANCE"]


def test_a_name_that_is_not_utf8_is_held_and_shown(instance: Instance) -> None:
    done = subprocess.run(
        [*instance.command("lease", "acquire"), b"na\xffme", b"--json"],
        cwd=instance.workspace,
        env=instance.env,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["lease"]["resources"] == ["na\\xffme"]


def test_a_link_is_held_as_the_file_it_leads_to(instance: Instance) -> None:
    (instance.workspace / "link").symlink_to("README.md")
    instance.json("lease", "acquire", "link", "--as", "ada")
    refused = instance.json("lease", "acquire", "README.md", "--as", "bob", status=1)
    assert refused["conflicts"][0]["resources"] == ["README.md"]
