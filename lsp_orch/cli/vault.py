"""``lsp-orch vault``: what was learned."""

import sys
from collections import Counter
from typing import Annotated, Any, Literal

import typer
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit, out, tell
from lsp_orch.cli.workspace import WorkspaceOption, workspace

app = typer.Typer(help="What earlier work has learned.", no_args_is_help=True)

Type = Literal["decision", "pattern", "pitfall", "status", "preference", "reference", "task"]
Scope = Literal["project", "user"]

TypeOption = Annotated[Type | None, typer.Option("--type", help="Only notes of this kind.")]
ScopeOption = Annotated[
    Scope | None, typer.Option("--scope", help="Only the project's notes, or only yours.")
]
TagOption = Annotated[str | None, typer.Option("--tag", metavar="T", help="Only notes with this tag.")]


@app.command()
def add(
    title: Annotated[str, typer.Option(metavar="T", help="The fact in one line.")],
    body: Annotated[
        str, typer.Option(metavar="TEXT", help="The rest in Markdown; - reads it from stdin.")
    ] = "",
    kind: Annotated[Type, typer.Option("--type", help="What kind of fact it is.")] = "reference",
    tag: Annotated[list[str] | None, typer.Option(metavar="T", help="A word to find it by.")] = None,
    path: Annotated[
        list[str] | None, typer.Option(metavar="P", help="A file, folder or glob it is about.")
    ] = None,
    scope: Annotated[Scope, typer.Option(help="For the project, or for you everywhere.")] = "project",
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a note; secrets in it are taken out."""
    answer = ask(
        "vault.add",
        workspace=workspace(chosen),
        title=title,
        body=_stdin() if body == "-" else body,
        type=kind,
        tags=tag or [],
        paths=path or [],
        scope=scope,
    )
    if answer["secrets"]:
        tell(f"Taken out before it was written: {', '.join(answer['secrets'])}.")
    emit(answer, as_json, _kept)


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What you want to know, in any words.")],
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=200, help="At most so many.")] = 10,
    scope: ScopeOption = None,
    kind: TypeOption = None,
    tag: TagOption = None,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the notes that answer a question, best first."""
    asked = {"query": query, "limit": limit, "scope": scope, "type": kind, "tag": tag}
    emit(ask("vault.search", workspace=workspace(chosen), **asked), as_json, _hits)


@app.command("list")
def show_all(
    scope: ScopeOption = None,
    kind: TypeOption = None,
    tag: TagOption = None,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all notes, the project's first, and the files that could not be read."""
    emit(
        ask("vault.list", workspace=workspace(chosen), scope=scope, type=kind, tag=tag),
        as_json,
        _notes_and_problems,
    )


@app.command()
def show(
    note_id: Annotated[str, typer.Argument(metavar="ID", help="The note's id.")],
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one note in full."""
    emit(ask("vault.show", workspace=workspace(chosen), id=note_id), as_json, _note)


@app.command()
def context(
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="What the session is asked to do.")] = "",
    path: Annotated[list[str] | None, typer.Option(metavar="P", help="A file or folder in hand.")] = None,
    budget: Annotated[
        int | None, typer.Option(metavar="TOKENS", min=0, max=10_000, help="At most so many tokens.")
    ] = None,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show exactly what a session would be told, and why."""
    asked = {"prompt": prompt, "paths": path or [], "budget": budget}
    emit(ask("vault.context", workspace=workspace(chosen), **asked), as_json, _context)


@app.command()
def reindex(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Read every file anew; this is never needed, as changes are noticed."""
    emit(ask("vault.reindex", workspace=workspace(chosen)), as_json, _rebuilt)


@app.command()
def stats(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Count the notes by kind, scope and tag."""
    answer = ask("vault.list", workspace=workspace(chosen))
    emit(_counts(answer), as_json, _counted)


def _stdin() -> str:
    # what is no UTF-8 goes on as it is: the daemon says so in a sentence
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def _kept(answer: dict[str, Any]) -> RenderableType:
    note = answer["note"]
    what = "Brought up to date" if answer["known"] else "Kept"
    return Text(f"{what}: {note['id']} in {note['path']}")


def _hits(answer: dict[str, Any]) -> RenderableType:
    if not answer["hits"]:
        return Text("No note holds a word of that.")
    table = Table("Note", "Kind", "Title", "Score", box=None, pad_edge=False)
    for hit in answer["hits"]:
        table.add_row(
            hit["id"],
            hit["type"],
            Text.assemble(hit["title"], "\n", (hit["snippet"], "dim")),
            f"{hit['score']:.3g}",
        )
    return table


def _notes_and_problems(answer: dict[str, Any]) -> RenderableType:
    for problem in answer["problems"]:
        tell(f"{problem['message']} [{problem['code']}]")
    if not answer["notes"]:
        return Text("There are no notes yet: `lsp-orch vault add --title ...` keeps the first.")
    table = Table("Note", "Kind", "Scope", "Updated", "Title", box=None, pad_edge=False)
    for note in answer["notes"]:
        table.add_row(note["id"], note["type"], note["scope"], note["updated"][:10], note["title"])
    return table


def _note(answer: dict[str, Any]) -> RenderableType:
    note = answer["note"]
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in ("id", "type", "scope", "path", "created", "updated"):
        table.add_row(name, note[name])
    for name in ("tags", "paths", "supersedes"):
        if note[name]:
            table.add_row(name, ", ".join(note[name]))
    for name, value in note["source"].items():
        if value:
            table.add_row(f"from {name}", value)
    return Group(table, "", Text(note["title"], style="bold"), "", _prose(note["body"]))


def _prose(body: str) -> RenderableType:
    """Markdown as a terminal shows it; a pipe gets it as it is written."""
    return Markdown(body) if out().is_terminal else Text(body.rstrip("\n"))


def _context(answer: dict[str, Any]) -> RenderableType:
    tell(f"{answer['tokens']} of {answer['budget']} tokens")
    for note in answer["notes"]:
        tell(f"  {note['id']}: {note['tokens']} tokens, score {note['score']:.3g}, {note['why']}")
    return Text(answer["text"].rstrip("\n") or "Nothing: no note is worth it here.")


def _rebuilt(answer: dict[str, Any]) -> RenderableType:
    for problem in answer["problems"]:
        tell(f"{problem['message']} [{problem['code']}]")
    return Text(f"{answer['notes']} notes are in the index.")


def _counts(listing: dict[str, Any]) -> dict[str, Any]:
    notes = listing["notes"]
    return {
        "notes": len(notes),
        "types": dict(Counter(note["type"] for note in notes)),
        "scopes": dict(Counter(note["scope"] for note in notes)),
        "tags": dict(Counter(tag for note in notes for tag in note["tags"]).most_common()),
        "unreadable": len(listing["problems"]),
    }


def _counted(answer: dict[str, Any]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("notes", str(answer["notes"]))
    for name in ("types", "scopes", "tags"):
        table.add_row(name, ", ".join(f"{each} {count}" for each, count in answer[name].items()) or "-")
    table.add_row("unreadable", str(answer["unreadable"]))
    return table
