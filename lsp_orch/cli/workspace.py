"""Which checkout a verb is about."""

from pathlib import Path
from typing import Annotated

import typer

from lsp_orch.client.errors import ClientError

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="The checkout to work on, instead of the one that holds the current folder.",
        exists=True,
        file_okay=False,
        resolve_path=True,
    ),
]


def workspace(chosen: Path | None = None) -> str:
    """The absolute path of ``chosen``, else of the git top level of the current folder, else of that folder.

    Nothing here needs git itself: what has no repository still has files that are edited.

    Raises:
        ClientError: bad-request, when neither is there.
    """
    if chosen:
        return str(chosen)
    try:
        folder = Path.cwd()
    except FileNotFoundError:
        raise ClientError(
            "bad-request", "the current folder is not there any more", "go to one that is, or use --workspace"
        ) from None
    return str(top_level(folder) or folder)


def top_level(folder: Path) -> Path | None:
    """The nearest folder, from ``folder`` upwards, that holds ``.git``: a folder, or a worktree's file."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
