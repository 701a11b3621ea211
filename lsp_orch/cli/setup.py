"""``lsp-orch setup``: connect what people work with, and disconnect it again."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from lsp_orch.cli import git_guard
from lsp_orch.cli.output import JsonOption, emit, tell
from lsp_orch.cli.steps import Step
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.errors import ClientError
from lsp_orch.domain.errors import Code

app = typer.Typer()

Plan = Callable[[str], Iterator[Step]]

# what can be connected to a checkout: how to put it in, and how to take it out
PARTS: dict[str, tuple[Plan, Plan]] = {"git": (git_guard.install, git_guard.remove)}


@app.command()
def setup(
    git: Annotated[
        bool, typer.Option("--git", help="Only the guard in git's hooks; without such an option, everything.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Undo it: all is as it was before.")] = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let git ask before it commits or pushes what somebody else holds; may be said again at any time."""
    where = workspace(chosen)
    wanted = [name for name, asked in {"git": git}.items() if asked] or list(PARTS)
    steps = [
        {"part": name, "does": each}
        for name in wanted
        for each in _carried_out(PARTS[name][remove](where), dry_run=dry_run)
    ]
    emit({"steps": steps, "dry_run": dry_run}, as_json, _told)


def _carried_out(steps: Iterator[Step], *, dry_run: bool) -> Iterator[str]:
    """The plan is made whole before anything is done: what is in the way is found first."""
    for step in list(steps):
        if not dry_run:
            try:
                step.do()
            except OSError as error:
                raise ClientError(
                    Code.GUARD_NOT_INSTALLED, f"could not {step.does}: {error}", "mend it, and run this again"
                ) from error
        yield step.does


def _told(answer: dict[str, Any]) -> RenderableType:
    if not answer["steps"]:
        return "Nothing is to be done."
    tell("Would:" if answer["dry_run"] else "Done:")
    return "\n".join(each["does"] for each in answer["steps"])
