"""``lsp-orch guard``, as ``--help`` shows it; a real call takes the short way in ``__main__``."""

from typing import Annotated

import typer

from lsp_orch.client import guard as client_guard

app = typer.Typer()


@app.command()
def guard(
    hook: Annotated[
        str, typer.Argument(metavar="HOOK", help="pre-commit, pre-merge-commit, pre-push or pre-rebase.")
    ],
    given: Annotated[list[str] | None, typer.Argument(metavar="[ARG]...", help="What git gives it.")] = None,
) -> None:
    """Refuse a commit or push of what somebody else holds; git's hooks start this."""
    client_guard.main([hook, *(given or [])])
