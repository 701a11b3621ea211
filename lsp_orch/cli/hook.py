"""``lsp-orch hook``, as ``--help`` shows it; a real call takes the short way in ``__main__``."""

import typer

from lsp_orch.client import hook as client_hook

app = typer.Typer()


@app.command()
def hook() -> None:
    """Answer one Claude Code hook event on stdin; Claude Code starts this."""
    client_hook.main()
