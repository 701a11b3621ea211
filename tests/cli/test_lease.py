"""``lsp-orch lease`` with the real daemon."""

import getpass
import json
import subprocess
from typing import Any

from tests.e2e.conftest import event
from tests.fixtures.daemon import Instance


def test_a_lease_is_granted_under_the_login_name_and_listed(instance: Instance) -> None:
    lease = instance.json("lease", "acquire", "README.md", "--reason", "try")["lease"]
    assert lease["resources"] == ["README.md"]
    assert lease["holder"]["name"] == getpass.getuser()
    assert lease["reason"] == "try"
    assert instance.json("lease", "list") == {"leases": [lease], "waiters": []}


def test_a_held_file_is_refused_with_contracts_shape_and_exit_1(instance: Instance) -> None:
    held = instance.json("lease", "acquire", "README.md", "--as", "ada")["lease"]
    refused = instance.json("lease", "acquire", "README.md", "--as", "bob", status=1)
    assert refused["granted"] is False
    assert refused["ticket"]["position"] == 1
    assert [each["id"] for each in refused["conflicts"]] == [held["id"]]
    told = instance.cli("lease", "acquire", "README.md", "--as", "bob")
    assert "You are number 1" in told.stdout
    assert "ada" in told.stdout
    assert told.returncode == 1


def test_readers_share(instance: Instance) -> None:
    for name in ("ada", "bob"):
        answer = instance.json("lease", "acquire", "README.md", "--as", name, "--mode", "read")
        assert answer["granted"]


def test_paths_are_seen_from_the_current_folder(instance: Instance) -> None:
    inner = instance.workspace / "src"
    inner.mkdir()
    instance.workspace, outer = inner, instance.workspace
    lease = instance.json("lease", "acquire", "a.py")["lease"]
    assert lease["resources"] == ["src/a.py"]
    instance.workspace = outer


def test_a_path_outside_the_workspace_is_refused(instance: Instance) -> None:
    error = instance.json("lease", "acquire", "/etc/hosts", status=1)["error"]
    assert error["code"] == "path-outside"
    assert error["hint"]


def test_release_and_renew(instance: Instance) -> None:
    lease = instance.json("lease", "acquire", "README.md", "--ttl", "50")["lease"]
    renewed = instance.json("lease", "renew", lease["id"])["leases"]
    assert renewed[0]["expires_at"] > lease["expires_at"]
    assert instance.json("lease", "release", lease["id"])["released"][0]["id"] == lease["id"]
    error = instance.json("lease", "release", lease["id"], status=1)["error"]
    assert error["code"] == "lease-not-found"


def test_everything_of_one_name_is_released_at_once(instance: Instance) -> None:
    instance.json("lease", "acquire", "a", "b", "--as", "ada")
    instance.json("lease", "acquire", "c", "--as", "ada")
    assert len(instance.json("lease", "release", "--as", "ada")["released"]) == 2


def test_a_wait_ends_with_the_pushed_grant(instance: Instance) -> None:
    held = instance.json("lease", "acquire", "README.md", "--as", "ada")["lease"]
    with _watch(instance) as watch, _waiting(instance) as bob:
        assert _next(watch)["event"] == "queued"
        instance.json("lease", "release", held["id"])
        out, _ = bob.communicate(timeout=30)
        watch.terminate()
    assert bob.returncode == 0
    assert json.loads(out)["granted"]


def test_a_wait_goes_on_with_the_next_daemon_when_the_first_is_killed(instance: Instance) -> None:
    held = instance.json("lease", "acquire", "README.md", "--as", "ada")["lease"]
    with _watch(instance) as watch, _waiting(instance) as bob:
        assert _next(watch)["event"] == "queued"
        instance.kill()
        instance.json("lease", "release", held["id"])
        out, _ = bob.communicate(timeout=30)
    assert bob.returncode == 0
    lease = json.loads(out)["lease"]
    assert lease["holder"]["name"] == "bob"
    assert lease["token"] > held["token"]


def test_watch_prints_each_event_as_a_line_as_it_happens(instance: Instance) -> None:
    with _watch(instance) as watch:
        lease = instance.json("lease", "acquire", "README.md")["lease"]
        granted = _next(watch)
        assert (granted["event"], granted["lease"]["id"]) == ("granted", lease["id"])
        instance.json("lease", "release", lease["id"])
        ended = _next(watch)
        assert (ended["event"], ended["why"]) == ("ended", "released")
        instance.kill()
        assert watch.wait(30) == 3


def test_a_command_from_an_agents_shell_is_that_agents_so_far_as_it_is_here(instance: Instance) -> None:
    person = instance.json("lease", "acquire", "README.md")["lease"]
    instance.env["CLAUDE_CODE_SESSION_ID"] = "s1"
    assert instance.json("lease", "acquire", "a.py")["lease"]["holder"]["kind"] == "human"
    assert event(instance, "SessionStart", session_id="s1").returncode == 0
    assert instance.json("lease", "acquire", "b.py")["lease"]["holder"]["id"] == "s1"
    claim = instance.json("lease", "steal", "README.md", "--reason", "it is urgent", status=1)
    assert (claim["granted"], bool(claim["claim"]["until"])) == (False, True)
    error = instance.json("lease", "release", person["id"], status=1)["error"]
    assert error["code"] == "lease-not-yours"
    assert event(instance, "SessionEnd", session_id="s1").returncode == 0
    held = instance.json("lease", "list")
    assert [each["resources"] for each in held["leases"]] == [["README.md"], ["a.py"]]
    assert held["waiters"] == []


def _watch(instance: Instance) -> subprocess.Popen[str]:
    """A watch that has begun."""
    watch = _start(instance, "lease", "watch")
    assert watch.stderr
    assert watch.stderr.readline().startswith("watching ")
    return watch


def _waiting(instance: Instance) -> subprocess.Popen[str]:
    return _start(instance, "lease", "acquire", "README.md", "--as", "bob", "--wait", "30", "--json")


def _next(watch: subprocess.Popen[str]) -> Any:
    assert watch.stdout
    return json.loads(watch.stdout.readline())


def _start(instance: Instance, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        instance.command(*arguments),
        cwd=instance.workspace,
        env=instance.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
