"""The shell scripts that git starts: what they pass on, and what they do when nobody is left to be asked."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_orch.cli import dispatcher, git_guard
from lsp_orch.client import guard
from tests.fixtures import hooks
from tests.fixtures.hooks import Hooked, hooked

__all__ = ["hooked"]

Layout = Callable[[Hooked], None]
LEFT = (
    "import sys; sys.path.insert(0, '/nowhere'); from lsp_orch.client.guard import main; main(sys.argv[1:])"
)


@pytest.fixture
def script(tmp_path: Path, hooked: Hooked) -> Path:
    """A dispatcher for a push, and a hook of before that repeats what it reads."""
    file = tmp_path / "pre-push"
    hooked.write(file, dispatcher.beside("pre-push", made=False))
    hooked.write(file.with_name("pre-push.lsp-orch-before"), '#!/bin/sh\necho "$@"\ncat\nexit 7\n')
    return file


def run(script: Path, *arguments: str, words: bytes = b"") -> tuple[int, bytes]:
    done = subprocess.run([script, *arguments], input=words, capture_output=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "words", [b"", b"a b c d\n", b"a\nb\n\n\n", b"no end", b"\\n %s $HOME `x`\n", b"\xff\n"]
)
def test_arguments_input_and_exit_status_pass_on_byte_for_byte(script: Path, words: bytes) -> None:
    assert run(script, "a remote", "its url", words=words) == (7, b"a remote its url\n" + words)


def test_a_hook_that_reads_nothing_is_no_failure(script: Path) -> None:
    before = script.with_name("pre-push.lsp-orch-before")
    before.write_text("#!/bin/sh\nexec <&-\nexit 0\n")
    assert run(script, words=b"x" * 1_000_000)[0] == 0


def test_a_hook_that_a_signal_ends_stops_git(script: Path) -> None:
    script.with_name("pre-push.lsp-orch-before").write_text("#!/bin/sh\nkill -9 $$\n")
    assert run(script)[0] == 128 + 9


def test_a_refusal_is_exit_1_whatever_the_program_says(script: Path, hooked: Hooked) -> None:
    for verdict in (1, 2, 77):
        hooked.says(verdict)
        assert run(script) == (1, b"")


def test_a_hook_that_stages_more_is_seen_by_the_second_question(hooked: Hooked) -> None:
    hooked.write(hooked.folder / ".git" / "hooks" / "pre-commit", "#!/bin/sh\ntouch late\ngit add late\n")
    put_in(hooked)
    hooked.write(
        hooked.root / "stub.py",
        "import subprocess, sys\ndef main(arguments):\n"
        "    said = subprocess.check_output(['git', 'diff', '--cached', '--name-only'])\n"
        "    sys.exit(b'late' in said)\n",
    )
    assert "late" not in hooked.git("log", "--stat")
    hooked.git("commit", "--allow-empty", "--message=more", status=1)


@pytest.mark.parametrize("layout", [hooks.shell, hooks.husky, hooks.nothing])
def test_when_the_program_is_gone_all_goes_on_with_a_warning(
    hooked: Hooked, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout(hooked)
    hooked.commit_all()
    ran, before = hooked.work(), hooked.snapshot()
    monkeypatch.setattr(guard, "command", lambda: ["/nowhere/bin/python", "-I", "-S", "-c", LEFT])
    monkeypatch.setattr(sys, "executable", "/nowhere/bin/python")
    put_in(hooked)
    assert hooked.work() == ran
    said = hooked.git("commit", "--allow-empty", "--message=more")
    assert "does not run any more" in said
    assert "take its guard away: r" in said
    hooked.git("commit", "--allow-empty", "--message=more", LSP_ORCH_MODE="enforce", status=1)
    _obey(hooked, said)
    assert "lsp-orch" not in hooked.git("commit", "--allow-empty", "--message=more")
    assert hooked.work() == ran
    hooked.git("hook", "run", "--ignore-missing", "pre-commit")
    take_out(hooked)
    assert hooked.snapshot() == before


def test_a_program_that_is_broken_counts_as_gone(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-I", "-S", "-c", LEFT]
    monkeypatch.setattr(guard, "command", lambda: command)
    monkeypatch.setattr(guard, "__file__", __file__)
    put_in(hooked)
    said = hooked.git("commit", "--allow-empty", "--message=more")
    assert "does not run any more" in said


def test_another_lsp_orch_on_the_path_is_asked_instead(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/bin/python")
    put_in(hooked)
    hooked.write(hooked.root / "bin" / "lsp-orch", '#!/bin/sh\necho "$@" >&2\nexit 1\n')
    path = f"{hooked.root / 'bin'}:{hooked.env['PATH']}"
    assert "guard pre-commit" in hooked.git("commit", "--allow-empty", "--message=more", PATH=path, status=1)


@pytest.mark.parametrize("shell", ["dash", "bash --posix"])
def test_every_script_is_plain_posix_shell(shell: str, tmp_path: Path) -> None:
    texts = [
        *(dispatcher.beside(name, made=True) for name in guard.HOOKS),
        *(dispatcher.over(name, tmp_path) for name in (*guard.HOOKS, "commit-msg")),
    ]
    for text in texts:
        words = [*shell.split(), "-n"]
        assert subprocess.run(words, input=text.encode(), check=True, capture_output=True).stderr == b""


def put_in(here: Hooked) -> None:
    for step in list(git_guard.install(str(here.folder))):
        step.do()


def take_out(here: Hooked) -> None:
    for step in list(git_guard.remove(str(here.folder))):
        step.do()


def _obey(here: Hooked, said: str) -> None:
    """Do what the warning says, for each hook that is still ours."""
    first = next(line for line in said.splitlines() if "take its guard away: " in line)
    command = first.partition("take its guard away: ")[2]
    for name in guard.HOOKS:
        words = command.replace("pre-commit", name)
        subprocess.run(words, shell=True, cwd=here.folder, check=False, capture_output=True)  # noqa: S602 - as told
