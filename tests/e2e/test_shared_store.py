"""Two daemons on one store, as two people on two machines have them; and a server that goes away."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import event
from tests.e2e.watch import Watch
from tests.fixtures import keyrings
from tests.fixtures.daemon import Instance
from tests.fixtures.postgres import LOCKED, OWNER, PASSWORD, Cluster

NUMBERS = count()


@pytest.fixture
def other(short_root: Path, repository: Path) -> Iterator[Instance]:
    """The second daemon, in a home of its own."""
    root = short_root / "two"
    root.mkdir()
    instance = Instance(root, repository)
    instance.env["LSP_ORCH_INSTANCE"] = "two"
    yield instance
    instance.end()


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    name = f"e2e_{next(NUMBERS)}"
    cluster.database(name)
    yield name
    cluster.drop(name)


@contextmanager
def waiting(instance: Instance, path: str, name: str) -> Iterator["subprocess.Popen[str]"]:
    """Somebody waits for a file."""
    words = ("lease", "acquire", path, "--as", name, "--wait", "60", "--json")
    with subprocess.Popen(
        instance.command(*words),
        cwd=instance.workspace,
        env=instance.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def granted(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What the wait came to."""
    told, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, (told, complaints)
    lease: dict[str, Any] = json.loads(told)["lease"]
    return lease


def acquire(instance: Instance, path: str, name: str, status: int = 0) -> Any:
    return instance.json("lease", "acquire", path, "--as", name, status=status)


def test_a_release_at_one_daemon_wakes_who_waits_at_the_other(
    instance: Instance, other: Instance, cluster: Cluster, database: str
) -> None:
    for each in (instance, other):
        each.env["LSP_ORCH_STORE"] = cluster.url(database)
    held = acquire(instance, "x.py", "ann")["lease"]
    assert acquire(other, "x.py", "eve", status=1)["conflicts"][0]["holder"]["name"] == "ann"
    with Watch(instance) as here, waiting(other, "x.py", "bob") as bob:
        here.wait_for("queued", lambda event: event["waiter"]["holder"]["name"] == "bob")
        other.json("lease", "release", "--as", "eve")
        instance.json("lease", "release", held["id"])
        lease = granted(bob)
        assert lease["holder"]["name"] == "bob"
        assert lease["token"] > held["token"]
        here.wait_for("granted", lambda event: event["lease"]["id"] == lease["id"])
    assert instance.json("lease", "list") == other.json("lease", "list")
    assert instance.pid() != other.pid()


def test_a_message_reaches_a_session_of_the_other_daemon(
    instance: Instance, other: Instance, cluster: Cluster, database: str
) -> None:
    for each in (instance, other):
        each.env["LSP_ORCH_STORE"] = cluster.url(database)
    event(instance, "UserPromptSubmit", session_id="s1")
    assert other.json("message", "send", "s1", "from afar")["to"] == ["s1"]
    limit = time.monotonic() + 20.0  # it is pushed, and nothing says when it has come
    while not (told := event(instance, "PostToolUse", session_id="s1").stdout):
        assert time.monotonic() < limit
    assert ": from afar" in told
    assert event(instance, "PostToolUse", session_id="s1").stdout == ""


def test_a_server_that_goes_and_comes_back_costs_no_daemon_its_life(
    instance: Instance, other: Instance
) -> None:
    cluster = Cluster()
    try:
        url = cluster.database("team")
        for each in (instance, other):
            each.env["LSP_ORCH_STORE"] = url
        held = acquire(instance, "x.py", "ann")["lease"]
        with Watch(instance) as here, waiting(other, "x.py", "bob") as bob:
            here.wait_for("queued")
            pids = (instance.pid(), other.pid())
            cluster.kill()
            error = acquire(instance, "y.py", "ann", status=1)["error"]
            assert error["code"] == "store-unreachable"
            assert url in error["message"]
            cluster.start()
            instance.json("lease", "release", held["id"])
            assert granted(bob)["holder"]["name"] == "bob"
        assert (instance.pid(), other.pid()) == pids
        cluster.kill()
        instance.json("daemon", "stop")
        assert "left in order" in (instance.home / "log" / "default.log").read_text()
        other.kill()
        assert other.json("status", status=3)["error"]["code"] == "store-unreachable"
    finally:
        cluster.end()


def test_two_daemons_do_not_get_one_file(instance: Instance, other: Instance) -> None:
    for each in (instance, other):
        each.env["LSP_ORCH_STORE"] = f"sqlite:///{instance.workspace}/one.db"
    held = acquire(instance, "x.py", "ann")["lease"]
    error = acquire(other, "x.py", "bob", status=3)["error"]
    assert error["code"] == "store-in-use"
    assert f"pid {instance.pid()}" in error["message"]
    assert [each["id"] for each in instance.json("lease", "list")["leases"]] == [held["id"]]
    instance.json("daemon", "stop")
    assert acquire(other, "x.py", "bob", status=1)["conflicts"][0]["id"] == held["id"]


def test_a_password_is_kept_by_the_keyring_and_stands_nowhere_else(
    instance: Instance, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    cluster.sql(f"GRANT {OWNER} TO {LOCKED}")
    instance.env["LSP_ORCH_STORE"] = cluster.url(database, LOCKED)
    instance.env["PYTHON_KEYRING_BACKEND"] = keyrings.SHARED
    instance.env[keyrings.FILE] = str(tmp_path / "keyring")
    error = instance.json("status", status=3)["error"]
    assert error["code"] == "store-unreachable"
    assert error["hint"] == "keep one with `lsp-orch config password`"
    keep(instance, PASSWORD)
    acquire(instance, "x.py", "ann")
    pid = instance.pid()
    shown = [
        instance.cli(*words).stdout
        for words in (("config", "show", "--json"), ("status",), ("doctor",), ("daemon", "logs"))
    ]
    shown += [Path(f"/proc/{pid}/{name}").read_text() for name in ("cmdline", "environ", "comm")]
    shown += [each.read_text(errors="replace") for each in instance.home.rglob("*") if each.is_file()]
    assert len(shown) > 7
    assert not [each for each in shown if PASSWORD in each]
    assert f'"store": "{cluster.url(database, LOCKED)}"' in instance.cli("status", "--json").stdout


def test_a_wrong_password_is_told_and_not_shown(
    instance: Instance, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    instance.env["LSP_ORCH_STORE"] = cluster.url(database, LOCKED)
    instance.env["PYTHON_KEYRING_BACKEND"] = keyrings.SHARED
    instance.env[keyrings.FILE] = str(tmp_path / "keyring")
    keep(instance, "not this one")
    told = instance.cli("status", "--json")
    assert told.returncode == 3
    assert "password authentication failed" in json.loads(told.stdout)["error"]["message"]
    assert "not this one" not in told.stdout + told.stderr + instance.cli("daemon", "logs").stdout


def test_a_password_beside_the_address_is_refused_and_not_shown(instance: Instance) -> None:
    instance.env["LSP_ORCH_STORE"] = "postgresql://ada:opensesame@db/team"
    told = instance.cli("status", "--json")
    assert told.returncode == 3
    error = json.loads(told.stdout)["error"]
    assert error["code"] == "bad-setting"
    assert "postgresql://ada:***@db/team" in error["message"]
    assert "lsp-orch config password" in error["message"]
    log = (instance.home / "log" / "default.log").read_text()
    assert "opensesame" not in told.stdout + told.stderr + log


def keep(instance: Instance, word: str) -> None:
    """Keep a password, as a script does it."""
    done = subprocess.run(
        instance.command("config", "password", "--json"),
        env=instance.env,
        input=f"{word}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["kept"]
