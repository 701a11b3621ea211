"""``lsp-orch report``: what ran when, and what it was worth."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from lsp_orch.cli.ask import ask
from lsp_orch.cli.moment import moment
from lsp_orch.cli.output import JsonOption, emit, fail, tell
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.errors import ClientError
from lsp_orch.domain.errors import Code

app = typer.Typer()


@app.command()
def report(
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with a picture of it, too.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="TIME", callback=moment, help="Only what was under way after that time.")
    ] = "",
    everywhere: Annotated[
        bool, typer.Option("--all", help="In every workspace, not only in this one.")
    ] = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what ran when, the speed-up over serial work, cost, retries, deaths, waits and acceptance."""
    where = "" if everywhere else workspace(chosen)
    answer = ask("report.show", workspace=where, since=since, html=html is not None)
    page = answer.pop("html", None)
    if html is not None:
        _write(html, page)
    emit(answer, as_json, lambda given: _table(given["report"]))


def _write(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        told = f"{file} cannot be written: {error.strerror}"
        fail(ClientError(Code.BAD_REQUEST, told, "name a file that can be"))
    tell(f"The page is in {file}.")


def _table(found: dict[str, Any]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    waits = ", ".join(f"{kind} {_duration(each)}" for kind, each in found["waits_s"].items())
    rows = {
        "Wall clock while anything ran": _duration(found["wall_s"]),
        "The same one after the other": _duration(found["work_s"]),
        "Speed-up": _form(found["speedup"], "{:.2f}x"),
        "Most at once": str(found["at_once"]),
        "Cost": f"${found['cost_usd']:.2f}",
        "Retries, deaths": f"{found['retries']}, {found['deaths']}",
        "How runs ended": _counts(found["endings"]),
        "Where tasks stand": _counts(found["states"]),
        "Waited": waits,
        "Pruned": _counts(found["pruned"]),
        "Accepted at first review": f"{_form(found['acceptance'], '{:.0%}')} of {found['reviewed']} reviewed",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    for notice in found["notices"]:
        table.add_row("Notice", f"{notice['at']} {notice['code']}: {notice['message']}")
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in counts.items()) or "none"


def _form(value: float | None, form: str) -> str:
    return "unknown" if value is None else form.format(value)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
