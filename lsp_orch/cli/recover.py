"""``lsp-orch recover``: what files said, given back."""

import base64
import getpass
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from lsp_orch.cli.ask import ask
from lsp_orch.cli.moment import moment
from lsp_orch.cli.output import JsonOption, emit, tell
from lsp_orch.cli.workspace import WorkspaceOption, workspace

app = typer.Typer(help="What files said, given back.", no_args_is_help=True)

# whose environment has one of these is an agent's child, and no person
_AGENT = ("LSP_ORCH_SESSION", "CLAUDE_CODE_SESSION_ID")


PathArgument = Annotated[
    str, typer.Argument(metavar="[PATH]", help="A file; without --before, what it said last before now.")
]
IdOption = Annotated[str, typer.Option("--id", metavar="ID", help="This very version, as `list` shows it.")]
BeforeOption = Annotated[
    str, typer.Option("--before", metavar="TIME", callback=moment, help="As it was before that time.")
]


@app.command("list")
def show_all(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="Only this file, or below this folder.")] = "",
    before: BeforeOption = "",
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="At most so many.")] = 100,
    everywhere: Annotated[
        bool, typer.Option("--all", help="In every workspace, not only in this one.")
    ] = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is kept of files, newest first."""
    where = {"workspace": "" if everywhere else workspace(chosen), "cwd": str(chosen or Path.cwd())}
    emit(ask("recover.list", path=path, before=before, limit=limit, **where), as_json, _versions)


@app.command()
def show(
    path: PathArgument = "",
    before: BeforeOption = "",
    version_id: IdOption = "",
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what a file said to stdout, byte for byte."""
    answer = ask("recover.show", **_which(path, before, version_id, chosen))
    emit(answer, as_json, _bytes)


@app.command()
def restore(
    path: PathArgument = "",
    before: BeforeOption = "",
    version_id: IdOption = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also when somebody else holds the file; only a person may.")
    ] = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a file say again what it said; what it says now is kept first."""
    session = next(filter(None, map(os.environ.get, _AGENT)), "")
    answer = ask(
        "recover.restore",
        user=getpass.getuser(),
        session=session,
        force=force,
        **_which(path, before, version_id, chosen),
    )
    emit(answer, as_json, _restored)


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Forget what is too old or too much, as the settings say; this is done every hour by itself."""
    verb = "Would go" if dry_run else "Gone"
    emit(
        ask("recover.prune", dry_run=dry_run),
        as_json,
        lambda answer: f"{verb}: {answer['versions']} versions, {answer['bytes']} bytes.",
    )


def _which(path: str, before: str, version_id: str, chosen: Path | None) -> dict[str, Any]:
    if bool(path) == bool(version_id):
        raise typer.BadParameter("name a file, or a version with --id")
    if version_id and before:
        raise typer.BadParameter("a version with --id has its time already; leave out --before")
    where = {"workspace": workspace(chosen), "cwd": str(chosen or Path.cwd())}
    return {"path": path, "before": before, "id": version_id, **where}


def _versions(answer: dict[str, Any]) -> RenderableType:
    if not answer["versions"]:
        return "Nothing is kept."
    table = Table("Version", "Kept", "File", "Bytes", "By", "Why", box=None, pad_edge=False)
    for each in answer["versions"]:
        size = "no file" if each["absent"] else str(each["size"])
        table.add_row(each["id"], each["kept_at"], each["path"], size, each["by"]["name"], each["why"])
    return table


def _bytes(answer: dict[str, Any]) -> None:
    if answer["version"]["absent"]:
        tell(f"There was no file {answer['version']['path']} then.")
    sys.stdout.buffer.write(base64.b64decode(answer["content"]))
    sys.stdout.buffer.flush()


def _restored(answer: dict[str, Any]) -> RenderableType:
    version, replaced = answer["restored"], answer["replaced"]
    if not answer["changed"]:
        return f"{version['path']} says that already."
    what = "is gone again, as it was" if version["absent"] else "says again what it said"
    return (
        f"{version['path']} {what} at {version['kept_at']}; "
        f"`lsp-orch recover restore --id {replaced['id']}` takes this back."
    )
