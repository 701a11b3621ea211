"""What git's hooks start, where the daemon fails: the mode decides; and what it imports."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lsp_orch.client import guard
from tests.client.test_pipe import imported
from tests.daemon.stage import ROOT, SOON_S, Stage

UPDATE = b"refs/heads/main %s refs/heads/main %s\n" % (b"1" * 40, b"0" * 40)


@pytest.fixture
def checkout(stage: Stage, repository: Path) -> Stage:
    """A stage whose guards stand in a checkout; what listens on its socket is the test's to say."""
    stage.env |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_WORK_TREE": str(repository)}
    stage.env |= {"GIT_DIR": str(repository / ".git")}
    stage.places.secure()
    return stage


def asked(stage: Stage, *arguments: str, words: bytes = b"", longest_s: float = 30.0) -> tuple[int, str]:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from lsp_orch.client import guard, connect, spawn; "
        f"guard._LONGEST_S = {longest_s}; spawn.command = lambda: [sys.executable, '-c', '']; "
        "guard.main(sys.argv[1:])"
    )
    process = stage.run([sys.executable, "-I", "-S", "-c", code, *arguments])
    out, err = process.communicate(words, SOON_S)
    assert out == b""
    return process.returncode, err.decode()


@contextmanager
def daemon(stage: Stage, answer: bytes | None, times: int = 1) -> Iterator[list[bytes]]:
    """Says hello, hears a question, and answers it: whatever it is, or nothing at all (None), or hangs up."""
    heard: list[bytes] = []

    def serve() -> None:
        for _ in range(times):
            line, _ = door.accept()
            line.recv(65536)
            line.sendall(b"Status: ok\r\nPid: 1\r\nVersion: 1\r\nContent-Length: 2\r\n\r\n{}")
            heard.append(line.recv(1 << 20))
            if answer is None:
                line.recv(1)  # until the guard has given up
            else:
                line.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer) if answer else b"")
            line.close()

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(stage.places.socket)
        door.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield heard
        thread.join(SOON_S)
        assert not thread.is_alive()


@pytest.mark.parametrize("mode", ["", "advise", "enforce"])
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "went away twice"),
        (b"nonsense", "JSONDecodeError"),
        (b"{}", "KeyError"),
        (b'{"result": {}}', "KeyError"),
        (
            b'{"error": {"message": "it is unwell", "data": {"code": "disk-full", "hint": "x"}}}',
            "it is unwell",
        ),
    ],
)
def test_what_our_failure_means_is_for_the_mode_to_say(
    checkout: Stage, mode: str, answer: bytes, told: str
) -> None:
    checkout.env["LSP_ORCH_MODE"] = mode
    with daemon(checkout, answer, times=2 if not answer else 1):
        status, said = asked(checkout, "pre-commit")
    assert told in said
    assert status == (1 if mode == "enforce" else 0)
    assert ("is refused then" if status else "went ahead unchecked") in said


def test_a_daemon_that_never_answers_is_given_up(checkout: Stage) -> None:
    with daemon(checkout, None):
        status, said = asked(checkout, "pre-commit", longest_s=0.2)
    assert status == 0
    assert "took longer than" in said


def test_where_no_daemon_can_be_started_its_log_is_named(checkout: Stage) -> None:
    status, said = asked(checkout, "pre-commit")
    assert status == 0
    assert checkout.places.log in said


def test_the_mode_of_the_checkout_counts(checkout: Stage, repository: Path) -> None:
    (repository / "lsp-orch.toml").write_text('mode = "enforce"\n')
    code = (
        f"import os, sys; os.chdir({str(repository)!r}); sys.path.insert(0, {str(ROOT)!r}); "
        "from lsp_orch.client import guard, spawn; "
        "spawn.command = lambda: [sys.executable, '-c', '']; guard.main(['pre-commit'])"
    )
    process = checkout.run([sys.executable, "-I", "-S", "-c", code])
    _, err = process.communicate(b"", SOON_S)
    assert process.returncode == 1
    assert b"lsp-orch doctor" in err


def test_a_refusal_stops_git_in_any_mode(checkout: Stage) -> None:
    error = {"message": "held\n  a.py: Ada", "data": {"code": "commit-held", "hint": "wait"}}
    with daemon(checkout, json.dumps({"error": error}).encode()):
        assert asked(checkout, "pre-commit") == (
            1,
            "lsp-orch: held [commit-held]\n  a.py: Ada\nwait\n",
        )


def test_warnings_are_told_once(checkout: Stage) -> None:
    answer = json.dumps({"result": {"warnings": ["look"]}}).encode()
    with daemon(checkout, answer, times=2):
        assert asked(checkout, "pre-commit") == (0, "lsp-orch: look\n")
        assert asked(checkout, "pre-commit", "--again") == (0, "")


def test_the_question_says_where_we_are_and_what_shows_who(checkout: Stage, repository: Path) -> None:
    (repository / "new").write_text("")
    subprocess.run(["git", "add", "new"], cwd=repository, check=True)
    checkout.env |= {"CLAUDE_CODE_SESSION_ID": "s1", "LSP_ORCH_SESSION": "s2", "USER": "mallory"}
    with daemon(checkout, b'{"result": {"warnings": []}}') as heard:
        process = checkout.run([*guard.command(), "pre-commit"])
        process.communicate(b"", SOON_S)
    params = json.loads(heard[0].partition(b"\r\n\r\n")[2])["params"]
    assert params == {
        "operation": "commit",
        "worktree": str(repository),
        "repository": str(repository / ".git"),
        "paths": ["new"],
        "pid": process.pid,
        "sessions": ["s1", "s2"],
    }


def test_an_empty_push_asks_nobody(checkout: Stage) -> None:
    assert asked(checkout, "pre-push", "origin", "url") == (0, "")
    assert asked(checkout, "pre-push", "origin", "url", words=b"\n") == (0, "")


def test_a_push_of_what_is_not_here_is_no_failure(checkout: Stage) -> None:
    with daemon(checkout, b'{"result": {"warnings": []}}') as heard:
        assert asked(checkout, "pre-push", "origin", "url", words=UPDATE) == (0, "")
    assert b'"operation": "push"' in heard[0]


@pytest.mark.parametrize("arguments", [(), ("commit-msg",), ("--help-me",)])
def test_another_hook_is_usage(checkout: Stage, arguments: tuple[str, ...]) -> None:
    status, said = asked(checkout, *arguments)
    assert status == 2
    assert "pre-commit" in said


def test_it_imports_the_standard_library_and_the_client_alone(checkout: Stage) -> None:
    python, *rest = guard.command()
    with daemon(checkout, b'{"result": {"warnings": []}}'):
        process = checkout.run([python, "-X", "importtime", *rest, "pre-commit"])
        _, err = process.communicate(b"", SOON_S)
    assert process.returncode == 0
    found = {each.partition(".")[0] for each in imported(err) if each != "imported package"}
    assert found <= {*sys.stdlib_module_names, "lsp_orch"}
    assert {each for each in imported(err) if each.startswith("lsp_orch.")} <= {
        "lsp_orch.client",
        *(f"lsp_orch.client.{name}" for name in ("guard", "git", "commits", "connect", "errors")),
        *(f"lsp_orch.client.{name}" for name in ("caller", "hello", "line", "places", "unix")),
    }
