"""``lsp-orch pause``: nothing new starts, and what runs goes on."""

from typing import Annotated, Any

import typer
from rich.console import RenderableType

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.caller import trace

app = typer.Typer()

AllOption = Annotated[bool, typer.Option("--all", help="Every workspace, not only this one.")]


@app.command()
def pause(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for whoever wonders.")] = "",
    everywhere: AllOption = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start no task any more, also after a restart of the daemon; what runs goes on to its end."""
    emit(ask("dispatcher.pause", reason=reason, **where(everywhere, chosen)), as_json, paused)


def where(everywhere: bool, chosen: WorkspaceOption) -> dict[str, Any]:
    """What both verbs ask with."""
    return {"all": True, **trace()} if everywhere else {"workspace": workspace(chosen), **trace()}


def paused(answer: dict[str, Any]) -> RenderableType:
    """What is paused now, one line each."""
    return "\n".join(map(line, answer["paused"])) or "Nothing is paused."


def line(each: dict[str, Any]) -> str:
    """One pause in a sentence."""
    why = f": {each['reason']}" if each["reason"] else ""
    return f"{each['workspace'] or 'Everything'} is paused by {each['by']} since {each['at']}{why}"
