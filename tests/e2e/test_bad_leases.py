"""What nobody should ask of leases, and what changes under them: the code, nothing lost, no hang."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from tests.e2e.conftest import event
from tests.fixtures.daemon import Instance

MANY = 10_000


@pytest.fixture
def held(instance: Instance) -> Iterator[dict[str, Any]]:
    """What bob holds before, and holds afterwards."""
    before: dict[str, Any] = instance.json("lease", "acquire", "README.md", "--as", "bob", "--ttl", "900")
    yield before["lease"]
    assert instance.json("lease", "list", "--all") == {"leases": [before["lease"]], "waiters": []}


@pytest.fixture
def call(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """A connection to the daemon, as any script may have one."""
    for name, value in instance.env.items():
        monkeypatch.setenv(name, value)
    with Call() as call:
        yield call


def refused(call: Call, method: str, **params: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call.request(method, params)
    return caught.value


def error(instance: Instance, *arguments: str, status: int = 1) -> dict[str, str]:
    told: dict[str, str] = instance.json("lease", *arguments, status=status)["error"]
    assert told["message"]
    return told


@pytest.mark.usefixtures("held")
def test_a_pattern_that_matches_everything_is_too_broad_and_the_folder_is_offered(
    instance: Instance, call: Call
) -> None:
    told = error(instance, "acquire", "**")
    assert (told["code"], "./" in told["hint"]) == ("lease-too-broad", True)
    where = str(instance.workspace)
    for text in ("**/*", "./**", "{a,**}", "**/**", f"{where}/**"):
        assert refused(call, "lease.acquire", paths=[text], workspace=where).code == "lease-too-broad", text
    assert refused(call, "lease.acquire", paths=["/**"], workspace=where).code == "path-outside"


@pytest.mark.usefixtures("held")
def test_ten_thousand_paths_are_more_than_a_lease_holds(instance: Instance) -> None:
    told = error(instance, "acquire", *(f"f{number}" for number in range(MANY)))
    assert (told["code"], str(MANY) in told["message"]) == ("lease-too-broad", True)
    lease = instance.json("lease", "acquire", *["a.py"] * MANY)["lease"]
    assert lease["resources"] == ["a.py"]
    instance.json("lease", "release", lease["id"])


@pytest.mark.usefixtures("held")
def test_a_path_on_another_drive_is_outside(instance: Instance, call: Call) -> None:
    (instance.workspace / "away").symlink_to("/dev/shm")
    where = str(instance.workspace)
    for path in ("/dev/shm/x", "away/x", "away/*", "D:\\src\\x.py", "D:/src/x.py", "d:\\*"):
        told = refused(call, "lease.acquire", paths=[path], workspace=where)
        assert (told.code, path in str(told)) == ("path-outside", True)


@pytest.mark.skipif(os.name == "nt", reason="no file of Windows has such a name")
def test_a_file_of_such_a_name_is_no_drive(instance: Instance) -> None:
    (instance.workspace / "D:\\x").touch()
    assert instance.json("lease", "acquire", "D:\\x")["lease"]["resources"] == ["D:\\x"]


def test_a_workspace_that_is_deleted_is_said_and_what_was_held_in_it_can_be_let_go(
    instance: Instance, call: Call, short_root: Path
) -> None:
    gone = short_root / "gone"
    (gone / ".git").mkdir(parents=True)
    where = ("--workspace", str(gone))
    lease = instance.json("lease", "acquire", "a.py", "--as", "bob", *where)["lease"]
    shutil.rmtree(gone)
    assert error(instance, "acquire", "b.py", *where, status=2)["code"] == "bad-request"
    told = refused(call, "lease.acquire", paths=["b.py"], workspace=str(gone))
    assert (told.code, str(gone) in str(told)) == ("bad-request", True)
    assert instance.json("lease", "list", "--all")["leases"] == [lease]
    assert instance.json("lease", "renew", lease["id"])["leases"][0]["id"] == lease["id"]
    assert instance.json("lease", "release", "--as", "bob", "--all")["released"][0]["id"] == lease["id"]


@pytest.mark.usefixtures("held")
def test_a_folder_that_is_gone_while_one_stands_in_it_is_said(instance: Instance) -> None:
    leave = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", leave, "sh", *instance.command("lease", "acquire", "a.py", "--json")],
        cwd=instance.workspace,
        env=instance.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "bad-request")


def test_a_folder_that_is_renamed_under_a_lease_is_let_go_by_its_old_name_and_held_by_its_new(
    instance: Instance,
) -> None:
    (instance.workspace / "src").mkdir()
    old = instance.json("lease", "acquire", "src/", "--as", "bob")["lease"]
    (instance.workspace / "src").rename(instance.workspace / "lib")
    (instance.workspace / "src").symlink_to("lib")
    assert instance.json("lease", "list")["leases"] == [old]
    new = instance.json("lease", "acquire", "src/a.py", "--as", "cat")["lease"]
    assert new["resources"] == ["lib/a.py"], "the file that it is now"
    assert error(instance, "release", new["id"], "--as", "bob")["code"] == "lease-not-yours"
    assert instance.json("lease", "renew", old["id"])["leases"][0]["resources"] == ["src/"]
    assert instance.json("lease", "release", "--as", "bob")["released"][0]["id"] == old["id"]
    assert instance.json("lease", "list")["leases"] == [new]


def test_what_somebody_else_holds_is_not_let_go(instance: Instance, held: dict[str, Any]) -> None:
    told = error(instance, "release", held["id"], "--as", "cat")
    assert (told["code"], "bob" in told["message"]) == ("lease-not-yours", True)
    write = {"tool_name": "Write", "tool_input": {"file_path": str(instance.workspace / "a.py")}}
    assert event(instance, "PreToolUse", session_id="s1", **write).returncode == 0
    (theirs,) = [each for each in instance.json("lease", "list")["leases"] if each["id"] != held["id"]]
    assert error(instance, "release", theirs["id"])["code"] == "lease-not-yours"
    assert event(instance, "SessionEnd", session_id="s1").returncode == 0


def test_what_was_taken_away_is_not_renewed_released_or_given_on_by_who_had_it(instance: Instance) -> None:
    old = instance.json("lease", "acquire", "a.py", "--as", "bob")["lease"]
    new = instance.json("lease", "steal", "a.py", "--reason", "it is urgent")["lease"]
    assert new["token"] > old["token"]
    for late in (("renew", old["id"]), ("release", old["id"]), ("handover", old["id"], "--to", "bob")):
        assert error(instance, *late)["code"] == "lease-not-found"
    assert instance.json("lease", "release", "--as", "bob")["released"] == []
    assert instance.json("lease", "list")["leases"] == [new]


def test_an_old_token_does_not_count_from_the_moment_the_next_one_is_granted(instance: Instance) -> None:
    old = instance.json("lease", "acquire", "a.py", "b.py", "--as", "bob")["lease"]["token"]
    assert instance.json("lease", "check", "a.py", "b.py", "--token", str(old)) == {"token": old}
    instance.json("lease", "steal", "a.py", "--reason", "it is urgent")
    told = error(instance, "check", "b.py", "a.py", "--token", str(old))
    assert (told["code"], "superseded" in told["message"]) == ("lease-fenced", True)
    told = error(instance, "check", "c.py", "--token", "7")
    assert (told["code"], "never granted" in told["message"]) == ("lease-fenced", True)


@pytest.mark.usefixtures("held")
def test_what_is_no_number_of_seconds_is_a_usage_error(instance: Instance) -> None:
    for seconds in (
        "--ttl=-1",
        "--ttl=0",
        "--ttl=nan",
        "--ttl=inf",
        "--ttl=soon",
        "--wait=-1",
        "--wait=1e400",
    ):
        assert error(instance, "acquire", "a.py", seconds, status=2)["code"] == "bad-request", seconds


@pytest.mark.usefixtures("held")
def test_nothing_is_held_for_no_time_nor_by_nonsense_through_the_socket(
    instance: Instance, call: Call
) -> None:
    where = str(instance.workspace)
    for seconds in (-1, 0, -0.0, float("nan"), float("inf"), 10**400, "60", True, [60]):
        told = refused(call, "lease.acquire", paths=["a.py"], workspace=where, ttl_s=seconds)
        assert told.code == "bad-request", seconds


def test_a_second_daemon_on_one_database_is_refused_and_the_first_works_on(
    instance: Instance, call: Call
) -> None:
    lease = instance.json("lease", "acquire", "a.py", "--as", "bob")["lease"]
    link = instance.home / "link.db"
    link.symlink_to(instance.home / "state" / "default.db")
    env = instance.env.copy()
    for file in (instance.home / "state" / "default.db", link):
        instance.env |= {"LSP_ORCH_INSTANCE": "second", "LSP_ORCH_STORE": f"sqlite:///{file}"}
        told = instance.json("lease", "acquire", "a.py", "--as", "cat", status=3)["error"]
        assert told["code"] == "store-in-use"
        assert str(file) in told["message"]
        assert str(call.line.pid) in told["message"]
    instance.env.clear()
    instance.env |= env
    assert instance.json("lease", "list")["leases"] == [lease]
    instance.kill()  # whose claim goes with it
    (still,) = instance.json("lease", "list")["leases"]
    assert (still["id"], still["token"]) == (lease["id"], lease["token"])
