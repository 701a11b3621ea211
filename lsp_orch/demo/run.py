"""``lsp-orch demo``: the main job, end to end, in a throw-away repository."""

import contextlib
import os
import shutil
import subprocess
import sys
import time

from lsp_orch.client.errors import ClientError
from lsp_orch.demo.scenes import SCENES, NotObserved, Scene, serial_s
from lsp_orch.demo.script import Cast
from lsp_orch.demo.scripted_model import ScriptedModel
from lsp_orch.demo.show import Act, Show
from lsp_orch.demo.stage import Stage


def run(*, live: bool, show: Show | None = None) -> int:
    """Play all scenes; the exit status is 0 only when each one was observed to hold.

    Raises:
        ClientError: claude-missing or git-missing.
    """
    claude = _program()
    show = show or Show()
    with contextlib.ExitStack() as stack:
        cast = Cast()
        model = None if live else stack.enter_context(ScriptedModel())
        if model:
            cast.learn(model)
        show.say(_who(claude, live=live))
        stage = stack.enter_context(Stage(claude, model, cast))
        acts = _play(stage, show)
        show.table(acts)
        held = all(act.held for act in acts) and len(acts) == len(SCENES)
        if held:
            serial, wall = serial_s(stage)
            show.say(
                f"the three tasks took {wall:.1f} s; one after the other they would have taken {serial:.1f} s"
            )
        return 0 if held else 1


def _play(stage: Stage, show: Show) -> list[Act]:
    acts: list[Act] = []
    for scene in SCENES:
        with show.scene(scene.title):
            acts.append(_watch(scene, stage, show))
        if not acts[-1].held:
            break  # each scene builds on the one before
    return acts


def _watch(scene: Scene, stage: Stage, show: Show) -> Act:
    began = time.monotonic()
    try:
        seen, held = scene.play(stage, show.say), True
    except (NotObserved, RuntimeError, TimeoutError, EOFError) as error:
        seen, held = str(error), False
    return Act(title=scene.title, seen=seen, held=held, seconds=time.monotonic() - began)


def _program() -> str:
    if shutil.which("git") is None:
        raise ClientError("git-missing", "The demo needs git", "Install git, then run this again.")
    wanted = os.environ.get("LSP_ORCH_CLAUDE") or "claude"
    if found := shutil.which(wanted):
        return found
    raise ClientError(
        "claude-missing",
        f"The demo drives the real Claude Code, and there is no program {wanted}",
        "Install it (npm install -g @anthropic-ai/claude-code), or set LSP_ORCH_CLAUDE to its path. "
        "No account is needed: a scripted model on this machine answers it.",
    )


def _who(claude: str, *, live: bool) -> str:
    """Say plainly who plays the agents, and which model answers."""
    version = subprocess.run(
        [claude, "--version"], capture_output=True, text=True, check=False
    ).stdout.strip()
    if live:
        return f"the agents run {version} with your own account: this costs money"
    return (
        f"the agents run the real {version}; its model is scripted, on this machine: no account, no network"
    )


if __name__ == "__main__":
    sys.exit(run(live="--live" in sys.argv))
