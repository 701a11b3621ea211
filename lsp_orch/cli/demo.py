"""``lsp-orch demo``: the main job, end to end."""

from typing import Annotated

import typer

from lsp_orch.cli.output import fail
from lsp_orch.client.errors import ClientError

app = typer.Typer()


@app.command()
def demo(
    live: Annotated[
        bool, typer.Option("--live", help="With your own Claude Code account, which costs money.")
    ] = False,
) -> None:
    """Show the main job, end to end, in a throw-away repository; exit 0 when every step was seen to hold."""
    from lsp_orch.demo.run import run

    try:
        status = run(live=live)
    except ClientError as error:
        fail(error)
    raise typer.Exit(status)
