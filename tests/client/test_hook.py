"""What Claude Code starts for each event."""

import json
import subprocess

import pytest

from lsp_orch.client import hook
from tests.client.test_pipe import SHARED, imported
from tests.daemon.stage import ROOT, SOON_S, Stage


def judged(process: subprocess.Popen[bytes], **event: object) -> tuple[int | None, bytes, bytes]:
    out, err = process.communicate(json.dumps(event).encode(), SOON_S)
    return process.returncode, out, err


@pytest.fixture
def served(stage: Stage) -> Stage:
    stage.daemon()
    return stage


def test_a_verdict_is_printed_byte_for_byte(served: Stage) -> None:
    assert judged(served.client("hook"), exit=0, say="Grüße\n") == (0, "Grüße\n".encode(), b"")
    assert judged(served.client("hook"), exit=1, say="odd") == (1, b"odd", b"")


def test_a_refusal_goes_to_stderr_where_the_model_sees_it(served: Stage) -> None:
    assert judged(served.client("hook"), exit=2, say="Ada holds it") == (2, b"", b"Ada holds it")


def test_an_event_may_be_large(served: Stage) -> None:
    words = "x" * 3_000_000
    assert judged(served.client("hook"), exit=0, say=words) == (0, words.encode(), b"")


def test_the_daemon_learns_for_whom_the_hook_asks(served: Stage) -> None:
    served.env |= {"CLAUDE_PID": "4711", "LSP_ORCH_MODE": "enforce"}
    assert judged(served.client("hook"), exit=0)[1] == f"hook 4711 enforce {ROOT}".encode()


def test_who_asks_through_a_hook_may_be_unknown_and_is_then_not_the_hook(served: Stage) -> None:
    assert judged(served.client("hook"), exit=0)[1] == f"hook 0  {ROOT}".encode()


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (b'{"hook_event_name":"SessionStart","source":"resume"}', ("/run/1.sock", "opens-it")),
        (b'{"hook_event_name": "PreToolUse"}', ("", "")),
        (b'{"hook_event_name":"UserPromptSubmit","prompt":"what is \\"SessionStart\\"?"}', ("", "")),
        (b"?", ("", "")),
    ],
)
def test_where_a_session_takes_messages_is_told_only_when_it_starts(
    event: bytes, told: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CODE_MESSAGING_SOCKET", "/run/1.sock")
    monkeypatch.setenv("CLAUDE_CODE_MESSAGING_TOKEN", "opens-it")
    assert hook._inbox(event) == told


def test_in_advise_mode_our_failure_lets_through_with_a_warning(stage: Stage) -> None:
    status, out, err = judged(stage.client("hook", "--crash"))
    assert (status, err) == (0, b"")
    warning = json.loads(out)["systemMessage"]
    assert "unchecked" in warning
    assert stage.places.log in warning
    assert "seeded in build" in warning


def test_in_enforce_mode_our_failure_refuses_and_says_what_to_do(stage: Stage) -> None:
    stage.env["LSP_ORCH_MODE"] = "enforce"
    status, out, err = judged(stage.client("hook", "--crash"))
    assert (status, out) == (2, b"")
    assert b"lsp-orch doctor" in err
    assert stage.places.log.encode() in err


@pytest.mark.parametrize(("name", "refused"), [("PreToolUse", 2), ("Stop", 0), ("UserPromptSubmit", 0)])
def test_our_failure_refuses_tool_calls_and_nothing_else(stage: Stage, name: str, refused: int) -> None:
    stage.env["LSP_ORCH_MODE"] = "enforce"
    assert judged(stage.client("hook", "--crash"), hook_event_name=name)[0] == refused


def test_an_answer_without_a_verdict_is_our_failure(served: Stage) -> None:
    served.env["LSP_ORCH_MODE"] = "enforce"
    status, _, err = judged(served.client("hook"), say="no verdict")
    assert status == 2
    assert b"no verdict" in err


def test_a_daemon_that_never_answers_is_given_up_in_time(served: Stage) -> None:
    served.env["LSP_ORCH_MODE"] = "enforce"
    status, _, err = judged(served.client("hook", "--longest=0.2"), wait=True)
    assert status == 2
    assert b"took longer than" in err


def test_the_question_is_asked_again_when_the_daemon_dies_over_it(stage: Stage) -> None:
    first = stage.daemon("--fragile")
    assert judged(stage.client("hook"), die=True, exit=0, say="yes") == (0, b"yes", b"")
    assert first.wait(SOON_S) < 0


def test_a_question_that_kills_daemons_is_not_asked_for_ever(stage: Stage) -> None:
    status, out, _ = judged(stage.client("hook", "--fragile"), die=True)
    assert status == 0
    assert b"went away twice" in out
    assert stage.log().count("Fatal Python error: Aborted") == 2


def test_a_bug_of_ours_is_not_taken_for_consent(served: Stage) -> None:
    served.env["LSP_ORCH_MODE"] = "enforce"
    status, _, err = judged(served.client("hook", "--broken"), exit=0)
    assert status == 2
    assert b"KeyError: 'seeded'" in err


def test_the_command_that_is_installed_is_the_quick_one(served: Stage) -> None:
    python, *rest = hook.command()
    assert rest[:3] == ["-I", "-S", "-c"]
    assert rest[3:] == [
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from lsp_orch.client.hook import main; main()"
    ]
    process = served.run([python, "-X", "importtime", *rest])
    status, out, err = judged(process, exit=0, say="ok")
    assert (status, out) == (0, b"ok")
    ours = {each for each in imported(err) if each.startswith("lsp_orch")}
    assert ours == {
        "lsp_orch",
        "lsp_orch.client",
        "lsp_orch.client.hook",
        *(f"lsp_orch.client.{s}" for s in SHARED),
    }
