"""What no well-behaved client would send, and places that are not as they should be."""

import contextlib
import json
import os
import select
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.client.line import Frames, frame
from tests.e2e.conftest import configure, event
from tests.fixtures.daemon import Instance
from tests.fixtures.editor import EditorProcess

HUGE = 100 * 1024 * 1024
MOST_KB = 200 * 1024

_SOON_S = 30.0

UNKNOWN_ENUMS: dict[str, Any] = {
    "processId": None,
    "rootUri": None,
    "trace": "loud",
    "clientInfo": {"name": "Tomorrow"},
    "capabilities": {
        "general": {"positionEncodings": ["utf-7", "utf-16"]},
        "workspace": {"workspaceEdit": {"resourceOperations": ["teleport"], "failureHandling": "pray"}},
        "textDocument": {
            "completion": {"completionItemKind": {"valueSet": [1, 999]}},
            "publishDiagnostics": {"tagSupport": {"valueSet": [1, 77]}},
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["no.such"]}}},
        },
    },
}


class Pipe:
    """``lsp-orch lsp``, given the very bytes that a test makes up."""

    def __init__(self, instance: Instance) -> None:
        self._process = subprocess.Popen(
            instance.pipe_command(),
            cwd=instance.workspace,
            env=instance.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._frames = Frames(self._read)

    def send(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def ask(self, method: str, params: Any, number: int = 1) -> dict[str, Any]:
        self.send(frame(json.dumps({"id": number, "method": method, "params": params}).encode()))
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next message that is an answer; EOFError when the daemon hung up."""
        while got := self._frames.next():
            message: dict[str, Any] = json.loads(got[1])
            if "method" not in message:
                return message
        raise EOFError

    def end(self) -> None:
        with self._process:
            self._process.kill()

    def _read(self, size: int) -> bytes:
        assert self._process.stdout
        stdout = self._process.stdout.fileno()
        assert select.select([stdout], [], [], _SOON_S)[0]
        return os.read(stdout, size)


@pytest.fixture
def pipe(instance: Instance) -> Iterator[Pipe]:
    pipe = Pipe(instance)
    yield pipe
    pipe.end()


def works(pipe: Pipe, number: int) -> bool:
    """Whether the connection does what it is there for."""
    return "error" not in pipe.ask("lspOrch/leases", {}, number)


def test_unknown_enum_values_in_initialize_are_no_reason_to_refuse_an_editor(pipe: Pipe) -> None:
    answer = pipe.ask("initialize", UNKNOWN_ENUMS)
    assert answer["result"]["serverInfo"]["name"] == "lsp-orch"
    assert works(pipe, 2)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'"words"', b"[" * 100_000])
def test_what_is_no_message_is_answered_and_the_editor_works_on(pipe: Pipe, body: bytes) -> None:
    pipe.ask("initialize", UNKNOWN_ENUMS)
    pipe.send(frame(body))
    answer = pipe.answer()
    assert answer["id"] is None
    assert answer["error"]["data"]["code"] == "bad-request"
    assert works(pipe, 2)


def test_a_header_without_a_length_is_answered_and_ends_the_connection_and_no_other(
    pipe: Pipe, instance: Instance
) -> None:
    pipe.ask("initialize", UNKNOWN_ENUMS)
    other = Pipe(instance)
    other.ask("initialize", UNKNOWN_ENUMS)
    pipe.send(b"Content-Type: text\r\n\r\n{}")
    assert pipe.answer()["error"]["data"]["code"] == "bad-request"
    with pytest.raises(EOFError):
        pipe.answer()
    assert works(other, 2)
    other.end()


def test_a_hundred_megabytes_are_refused_the_editor_works_on_and_nothing_of_it_is_kept(
    pipe: Pipe, instance: Instance
) -> None:
    pipe.ask("initialize", UNKNOWN_ENUMS)
    body = b'{"jsonrpc":"2.0","id":7,"method":"x","params":"%s"}' % (b"x" * HUGE)
    pipe.send(frame(body))
    answer = pipe.answer()
    assert (answer["id"], answer["error"]["data"]["code"]) == (7, "message-too-large")
    assert works(pipe, 8)
    status = Path(f"/proc/{instance.pid()}/status").read_text(encoding="ascii")
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak_kb < MOST_KB


@pytest.mark.parametrize(("mode", "status"), [("advise", 0), ("enforce", 2)])
@pytest.mark.parametrize("question", [b"{", b"[]", b"", b'{"hook_event_name": 7}'])
def test_a_hooks_question_that_makes_no_sense_is_answered_as_the_mode_says(
    instance: Instance, mode: str, status: int, question: bytes
) -> None:
    done = subprocess.run(
        instance.hook_command(),
        cwd=instance.workspace,
        env={**instance.env, "LSP_ORCH_MODE": mode},
        input=question,
        capture_output=True,
        check=False,
    )
    assert done.returncode == status
    assert b"[bad-request]" in (done.stderr if status else done.stdout)


def test_a_link_is_one_file_for_the_person_who_types_and_the_agent_who_writes(instance: Instance) -> None:
    configure(instance, "[leases]\nhook_wait_s = 0.1\n")
    link, readme = instance.workspace / "link.md", instance.workspace / "README.md"
    link.symlink_to(readme)
    with EditorProcess(instance.pipe_command(), env=instance.env, cwd=instance.workspace) as editor:
        editor.initialize(instance.workspace, "Ed")
        editor.open(link, "hello\n")
        editor.change(link, "hello you\n")
        editor.request("lspOrch/leases", {})
        asked = event(
            instance,
            "PreToolUse",
            session_id="s1",
            tool_name="Write",
            tool_input={"file_path": str(readme)},
        )
    assert asked.returncode == 2
    assert "[lease-held] README.md is not yours to write now" in asked.stderr


def test_a_link_that_leads_out_of_the_workspace_is_outside(instance: Instance, short_root: Path) -> None:
    (instance.workspace / "away").symlink_to(short_root)
    error = instance.json("lease", "acquire", "away/secret.txt", status=1)["error"]
    assert error["code"] == "path-outside"
    assert error["hint"]


def test_where_is_no_repository_files_have_leases_and_tasks_are_refused(
    instance: Instance, short_root: Path
) -> None:
    instance.workspace = short_root / "plain"
    instance.workspace.mkdir()
    assert instance.json("lease", "acquire", "a.txt")["granted"]
    _refused(instance, "not-a-repository")


def test_where_is_no_commit_tasks_are_refused(instance: Instance, short_root: Path) -> None:
    instance.workspace = short_root / "empty"
    subprocess.run(["git", "init", "--quiet", instance.workspace], env=instance.env, check=True)
    _refused(instance, "no-commits")


def test_where_is_no_git_files_have_leases_and_tasks_are_refused(instance: Instance) -> None:
    instance.env["PATH"] = "/nowhere"
    assert instance.json("lease", "acquire", "a.txt")["granted"]
    _refused(instance, "git-missing")


def _refused(instance: Instance, code: str) -> None:
    error = instance.json("task", "add", "go", status=1)["error"]
    assert error["code"] == code
    assert error["hint"]
    assert instance.json("task", "list")["tasks"] == []


def confined(instance: Instance, mount: str) -> subprocess.CompletedProcess[str]:
    """Start the daemon where ``mount`` was run first, seen by nobody else; skips where nobody may mount."""
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    outside = ["unshare", *user, "--mount", "sh", "-c"]
    with contextlib.suppress(OSError):
        if subprocess.run([*outside, mount], capture_output=True, check=False).returncode == 0:
            start = f"{mount} && exec {shlex.join(instance.command('daemon', 'start', '--json'))}"
            return subprocess.run(
                [*outside, start],
                cwd=instance.workspace,
                env=instance.env,
                capture_output=True,
                text=True,
                check=False,
            )
    pytest.skip("nobody may mount anything here")


def test_a_full_disk_refuses_what_is_new_keeps_what_was_told_and_goes_on_when_there_is_space(
    instance: Instance,
) -> None:
    state = instance.home / "state"
    state.mkdir(parents=True)
    started = confined(instance, f"mount -t tmpfs -o size=1m,mode=700 tmpfs {state}")
    assert started.returncode == 0, started
    before = instance.json("lease", "acquire", "a.txt", "--as", "ada")["lease"]
    filler = Path(f"/proc/{instance.pid()}/root{state}/filler")
    _fill(filler)
    error = instance.json("lease", "acquire", "b.txt", "--as", "ada", status=1)["error"]
    assert (error["code"], error["hint"]) == ("disk-full", "free some space; nothing was changed")
    assert instance.json("lease", "list")["leases"] == [before]
    filler.unlink()
    assert instance.json("lease", "acquire", "b.txt", "--as", "ada")["granted"]
    assert before in instance.json("lease", "list")["leases"]


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):  # no space is left
        while file.write(b"x" * 4096):
            pass


def test_a_home_that_is_read_only_is_told_with_its_mend(instance: Instance) -> None:
    instance.home.mkdir()
    started = confined(instance, f"mount -t tmpfs -o ro tmpfs {instance.home}")
    assert started.returncode == 3, started
    error = json.loads(started.stdout)["error"]
    assert error["code"] == "home-read-only"
    assert "LSP_ORCH_HOME" in error["hint"]
