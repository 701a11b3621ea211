"""``lsp-orch lsp``, as ``--help`` shows it; a real call takes the short way in ``__main__``."""

import typer

from lsp_orch.client import pipe

app = typer.Typer()


@app.command()
def lsp() -> None:
    """Be a language server on stdin and stdout; editors start this."""
    pipe.main()
