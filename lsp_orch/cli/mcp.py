"""``lsp-orch mcp``, as ``--help`` shows it; a real call takes the short way in ``__main__``."""

import typer

from lsp_orch.client import mcp as client_mcp

app = typer.Typer()


@app.command()
def mcp() -> None:
    """Be an MCP server on stdin and stdout; Claude Code and other agents' clients start this."""
    client_mcp.main()
