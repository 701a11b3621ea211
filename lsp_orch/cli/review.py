"""``lsp-orch review``: work that waits for a person."""

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit
from lsp_orch.cli.task import IdArgument, IdsArgument
from lsp_orch.cli.task_view import check_line, conflict_lines, forecast_line, task_details, tasks_table
from lsp_orch.cli.workspace import WorkspaceOption, workspace

app = typer.Typer(help="Work that waits for you.", no_args_is_help=True)


@app.command("list")
def show_all(
    everywhere: Annotated[
        bool, typer.Option("--all", help="In every workspace, not only in this one.")
    ] = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the tasks whose work waits for you."""
    where = "" if everywhere else workspace(chosen)
    emit(ask("review.list", workspace=where), as_json, _waiting)


@app.command()
def show(
    task_id: IdArgument,
    stat: Annotated[bool, typer.Option("--stat", help="Only how much changed in each file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a task's work changes."""
    emit(ask("review.show", id=task_id, stat=stat), as_json, _work)


@app.command()
def accept(ids: IdsArgument, as_json: JsonOption = False) -> None:
    """Merge work into the branch you have checked out, after its check has passed on the merged tree."""
    emit(ask("review.accept", ids=ids), as_json, lambda answer: tasks_table(answer["tasks"]))


@app.command()
def reject(
    task_id: IdArgument,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; a retry is told.")],
    as_json: JsonOption = False,
) -> None:
    """Turn work down; it is kept under a git ref, and `task retry` does it anew."""
    emit(
        ask("review.reject", id=task_id, reason=reason), as_json, lambda answer: task_details(answer["task"])
    )


def _waiting(answer: dict[str, Any]) -> RenderableType:
    checks = [
        f"  {task['id']}: {check_line(each)}" for task in answer["tasks"] for each in task["checks"][-1:]
    ]
    parts: list[RenderableType] = [tasks_table(answer["tasks"])]
    if checks:
        parts += ["", "Checks:", *checks]
    clouds = [
        f"  {task['id']} {forecast_line(each)}" for task in answer["tasks"] for each in task["forecast"]
    ]
    if clouds:
        parts += ["", "It would collide:", *clouds]
    again = [f"  {each['task']}: {', '.join(each['paths'])}" for each in answer["reopened"]]
    if again:
        parts += ["", "Done anew, for what was done collided:", *again]
    return Group(*parts)


def _work(answer: dict[str, Any]) -> RenderableType:
    files = Table("File", "Added", "Removed", box=None, pad_edge=False)
    for each in answer["files"]:
        files.add_row(each["path"], _lines(each["added"]), _lines(each["removed"]))
    parts: list[RenderableType] = [task_details(answer["task"]), "", files]
    if answer["denials"]:
        parts += ["", "It was not let do:", *(f"  {each}" for each in answer["denials"])]
    for each in answer["checks"]:
        parts += ["", check_line(each), *([each["said"]] if each["said"] else [])]
    if answer["forecast"]:
        parts += ["", "It would collide:", *(f"  {forecast_line(each)}" for each in answer["forecast"])]
    if answer["late"]:
        parts += ["", "It came too late, and is set aside:"]
        parts += [f"  {each['at']} {each['ref'] or ''}: {each['summary']}" for each in answer["late"]]
    parts += conflict_lines(answer["conflicts"])
    if answer.get("diff"):
        parts += ["", Syntax(answer["diff"], "diff", background_color="default", word_wrap=True)]
    return Group(*parts)


def _lines(count: int | None) -> str:
    return "?" if count is None else str(count)
