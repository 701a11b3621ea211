"""``lsp-orch task``: what agents do, in which order."""

from typing import Annotated, Any

import typer
from rich.console import RenderableType

from lsp_orch.cli import task_options
from lsp_orch.cli.ask import ask, ask_and_wait
from lsp_orch.cli.output import REFUSED, JsonOption, emit, harmless, out, print_json, tell
from lsp_orch.cli.task_view import log_line, pruned_tasks, task_details, tasks_table
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.domain.task import AUTO, Isolation, OnDead, State

app = typer.Typer(help="What agents do, in which order.", no_args_is_help=True)

_GOOD = {State.DONE, State.REVIEW}

IdsArgument = Annotated[list[str], typer.Argument(metavar="ID...", help="Tasks, as `list` shows them.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A task, as `list` shows it.")]


@app.command()
def add(
    prompt: task_options.PromptArgument,
    title: task_options.TitleOption = "",
    path: task_options.PathOption = None,
    after: task_options.AfterOption = None,
    model: task_options.ModelOption = AUTO,
    priority: task_options.PriorityOption = task_options.Priority.P2,
    check: task_options.CheckOption = "",
    max_usd: task_options.MoneyOption = None,
    max_turns: task_options.TurnsOption = None,
    timeout: task_options.TimeoutOption = None,
    attempts: task_options.AttemptsOption = None,
    key: task_options.KeyOption = "",
    isolate: task_options.IsolateOption = Isolation.WORKTREE,
    on_failed: task_options.OnFailedOption = OnDead.BLOCK,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """File a task; it starts as soon as a worker is free and what it waits for is done."""
    limits = {"max_usd": max_usd, "max_turns": max_turns, "timeout_s": timeout, "attempts": attempts}
    answer = ask(
        "task.add",
        prompt=task_options.prompt_of(prompt),
        workspace=workspace(chosen),
        title=title,
        paths=path or [],
        after=after or [],
        model=model,
        priority=int(priority),
        check=check,
        key=key,
        isolate=isolate.value,
        on_failed=on_failed.value,
        **limits,
    )
    for notice in answer["notices"]:
        tell(f"Note: {notice}.")
    emit(answer, as_json, lambda given: f"{given['task']['id']} is {given['task']['state']}.")


@app.command("list")
def show_all(
    state: Annotated[
        list[State] | None, typer.Option(metavar="S", help="Only in this state; can be given again.")
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--all", help="In every workspace, not only in this one.")
    ] = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the tasks, oldest first."""
    where = "" if everywhere else workspace(chosen)
    emit(ask("task.list", workspace=where, states=[each.value for each in state or []]), as_json, _table)


@app.command()
def show(task_id: IdArgument, as_json: JsonOption = False) -> None:
    """Show all there is to know of one task."""
    emit(ask("task.show", id=task_id), as_json, lambda answer: task_details(answer["task"]))


@app.command()
def logs(
    task_id: IdArgument,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the task ends.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the latest attempt's worker said and did; --follow --json prints one event a line."""
    events: list[str] = []
    offset, more = 0, True
    while more:
        answer = ask("task.logs", id=task_id, offset=offset, follow=follow)
        more = answer["more"] and (follow or bool(answer["lines"]))
        offset = answer["offset"]
        if as_json and not follow:
            events += answer["lines"]
            continue
        for line in answer["lines"]:
            if shown := line if as_json else log_line(line):
                out().file.write((shown if as_json else harmless(shown)) + "\n")
        out().file.flush()
    if as_json and not follow:
        print_json({"id": task_id, "attempt": answer["attempt"], "lines": events})


@app.command()
def wait(
    ids: IdsArgument,
    timeout: Annotated[float, typer.Option(metavar="S", help="Wait no longer than this; 0 is for ever.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Wait until tasks have ended; exit code 0 when all are done or in review, else 1."""
    answer = ask_and_wait("task.wait", "timeout_s", ids=ids, timeout_s=timeout)
    emit(answer, as_json, _table)
    if not all(task["state"] in _GOOD for task in answer["tasks"]):
        raise typer.Exit(REFUSED)


@app.command()
def cancel(ids: IdsArgument, as_json: JsonOption = False) -> None:
    """Stop tasks for good; work that was begun is kept under a git ref."""
    emit(ask("task.cancel", ids=ids), as_json, _table)


@app.command()
def retry(ids: IdsArgument, as_json: JsonOption = False) -> None:
    """Queue failed or cancelled tasks once more."""
    emit(ask("task.retry", ids=ids), as_json, _table)


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let go of tasks that nobody needs any more, each for a reason that is kept."""
    emit(ask("task.prune", dry_run=dry_run), as_json, pruned_tasks)


def _table(answer: dict[str, Any]) -> RenderableType:
    return tasks_table(answer["tasks"])
