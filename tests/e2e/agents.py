"""Agents as people run them: the real Claude Code, on the instance's workspace, with our hooks or without."""

from pathlib import Path

from lsp_orch.demo.scripted_model import Call
from lsp_orch.domain.hook_settings import hooks
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import HOME, Instance

PLUGIN = Path(__file__).parents[2] / "editor-clients" / "claude-code"

EDITS = ("--permission-mode", "acceptEdits")


def introduce(claude: RealClaude, instance: Instance, *, mode: str = "advise") -> None:
    """Let the client meet the instance's daemon."""
    claude.env |= {
        "PATH": instance.env["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "LSP_ORCH_MODE": mode,
        HOME: str(instance.home),
    }


def install(claude: RealClaude, instance: Instance, *, mode: str = "advise") -> None:
    """Give the client's user our hooks, as ``setup`` does."""
    introduce(claude, instance, mode=mode)
    claude.settings({"hooks": hooks(instance.hook_command(), fail_closed=mode == "enforce")})


def refusals(call: Call) -> list[str]:
    """What a model was told of the calls of its last turn that were refused or failed."""
    return [str(each["content"]) for each in call.tool_results if each.get("is_error")]
