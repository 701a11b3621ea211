"""``lsp-orch config``: what is set, where, and by whom."""

import os
from typing import Any

import typer
from rich.console import RenderableType
from rich.table import Table

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit
from lsp_orch.cli.workspace import WorkspaceOption, workspace

app = typer.Typer(help="What is set, where, and by whom.", no_args_is_help=True)


@app.command()
def show(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show every setting with its value and where that comes from."""
    answer = ask("config.show", workspace=workspace(chosen), environment=environment())
    emit(answer, as_json, _table)


@app.command()
def path(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show the files and folders that lsp-orch reads and writes."""
    emit(ask("config.path", workspace=workspace(chosen)), as_json, _paths)


def environment() -> dict[str, str]:
    """The variables of this process that are ours."""
    return {name: text for name, text in os.environ.items() if name.startswith("LSP_ORCH_")}


def _table(answer: dict[str, Any]) -> RenderableType:
    table = Table("Setting", "Value", "From", "Meaning", box=None, pad_edge=False)
    for key, each in answer["settings"].items():
        value = str(each["value"]) or "-"
        if "running" in each:
            value += f"\n(the running daemon has {each['running'] or 'none'})"
        table.add_row(key, value, each["where"] or each["source"], each["meaning"])
    return table


def _paths(answer: dict[str, Any]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, found in answer["paths"].items():
        table.add_row(name, found)
    return table
