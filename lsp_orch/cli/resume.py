"""``lsp-orch resume``: tasks start again."""

import typer

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit
from lsp_orch.cli.pause import AllOption, paused, where
from lsp_orch.cli.workspace import WorkspaceOption

app = typer.Typer()


@app.command()
def resume(
    everywhere: AllOption = False, chosen: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Let tasks start again after a pause; without --all, what paused everything stays."""
    emit(ask("dispatcher.resume", **where(everywhere, chosen)), as_json, paused)
