"""The stage: a throw-away repository and a daemon of its own, gone when the play is over."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lsp_orch.client import hook
from lsp_orch.demo.editor import EditorProcess
from lsp_orch.demo.script import PLANTED, Cast
from lsp_orch.demo.scripted_model import ScriptedModel
from lsp_orch.domain.hook_settings import hooks

_TEST = """import unittest

from greeting import greet


class Greeting(unittest.TestCase):
    def test_it_greets(self):
        self.assertIn("Ann", greet("Ann"))
"""
CHECK = f"{sys.executable} -B -m unittest -q"

# waits are short so that the play is; everything else is as users have it
_SETTINGS = """
[leases]
hook_wait_s = 2.0

[tasks]
workers = 2
backoff_s = [0.5, 0.5, 0.5]
kill_grace_s = 2.0
"""


class Stage:
    """A repository, a daemon and the programs that people and agents start; a context manager."""

    def __init__(self, claude: str, model: ScriptedModel | None, cast: Cast) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="lo-")).resolve()  # short: Unix sockets lie below it
        self.repository = self.root / "hello"
        self.model = model
        self.cast = cast
        self._claude = claude
        self.env = self._environment()

    def __enter__(self) -> Self:
        try:
            self._plant()
        except BaseException:
            self._strike()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._strike()

    def cli(self, *arguments: str, accept: Sequence[int] = (0,)) -> Any:
        """Run ``lsp-orch ... --json`` in the repository and return its document.

        Raises:
            RuntimeError: it ended with another status than one to ``accept``.
        """
        done = subprocess.run(
            [sys.executable, "-m", "lsp_orch", *arguments, "--json"],
            cwd=self.repository,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in accept:
            said = (done.stdout + done.stderr).strip()
            raise RuntimeError(f"`lsp-orch {' '.join(arguments)}` ended with {done.returncode}: {said}")
        return json.loads(done.stdout)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start ``lsp-orch ...`` in the repository and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "lsp_orch", *arguments],
            cwd=self.repository,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def editor(self, name: str) -> EditorProcess:
        """Open an editor on the repository, through the very pipe that editors start."""
        editor = EditorProcess(
            [sys.executable, "-m", "lsp_orch", "lsp"], env=self.env, cwd=self.repository, timeout_s=30
        )
        editor.initialize(self.repository, name)
        return editor

    def agent(self, prompt: str) -> "subprocess.Popen[str]":
        """Start Claude Code on a prompt, with the hooks that ``lsp-orch setup`` would install."""
        return subprocess.Popen(
            [
                self._claude,
                "-p",
                prompt,
                "--permission-mode",
                "acceptEdits",
                "--settings",
                json.dumps({"hooks": hooks(hook.command(), fail_closed=False)}),
            ],
            cwd=self.repository,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def git(self, *arguments: str) -> str:
        """Run git in the repository and return what it printed."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.repository,
            env=self.env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def _environment(self) -> dict[str, str]:
        foreign = ("LSP_ORCH_", "GIT_", *(("ANTHROPIC_", "CLAUDE_") if self.model else ()))
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
            "LSP_ORCH_HOME": str(self.root / "orch"),
            "LSP_ORCH_INSTANCE": "demo",
            "LSP_ORCH_CLAUDE": self._claude,
            "GIT_CONFIG_GLOBAL": os.devnull,
            **(self._scripted(self.model) if self.model else {}),
        }

    def _scripted(self, model: ScriptedModel) -> dict[str, str]:
        """What keeps Claude Code away from the user's own account, settings and network."""
        home = self.root / "home"
        return {
            "HOME": str(home),
            "TMPDIR": str(self.root / "tmp"),
            "CLAUDE_CONFIG_DIR": str(home / ".claude"),
            "ANTHROPIC_BASE_URL": model.url,
            "ANTHROPIC_API_KEY": "dummy-not-a-secret",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
        }

    def _plant(self) -> None:
        for folder in ("hello", "tmp", "home/.claude", "orch/config"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "orch/config/config.toml").write_text(_SETTINGS, encoding="utf-8")
        (self.repository / "greeting.py").write_text(PLANTED, encoding="utf-8")
        (self.repository / "test_greeting.py").write_text(_TEST, encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "user.name", "demo")
        self.git("config", "user.email", "demo@example.invalid")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Say hello")

    def _strike(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "lsp_orch", "daemon", "stop"],
            env=self.env,
            cwd=self.root,
            check=False,
            capture_output=True,
        )
        shutil.rmtree(self.root, ignore_errors=True)
