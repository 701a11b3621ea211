"""``lsp-orch plan``: a goal becomes tasks, which are shown before they are filed."""

import re
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit, fail, tell
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.errors import ClientError
from lsp_orch.domain.errors import Code

app = typer.Typer()

_ID = re.compile(r"plan-[0-9a-z]{12}")


@app.command()
def plan(
    goal: Annotated[
        str, typer.Argument(metavar="GOAL|ID", help="What is to be reached; or a plan that was made before.")
    ] = "",
    apply: Annotated[bool, typer.Option("--apply", help="File its tasks; all of them or none.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Apply it though its files have changed since.")
    ] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Say that a plan is not wanted.")] = False,
    show_all: Annotated[bool, typer.Option("--list", help="Show the plans of this workspace.")] = False,
    template: Annotated[
        str, typer.Option(metavar="NAME", help="The pipeline: full, quick, or one of your own.")
    ] = "",
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Split a goal into tasks that can run side by side; nothing is filed before you say --apply."""
    if show_all:
        emit(ask("plan.list", workspace=workspace(chosen)), as_json, _plans)
        return
    if not goal.strip():
        fail(ClientError(Code.BAD_REQUEST, "say what is to be reached, or name a plan", "see --help"))
    if _ID.fullmatch(goal):
        answer = ask("plan.reject" if reject else "plan.show", id=goal)
    elif reject:
        fail(ClientError(Code.BAD_REQUEST, f"{goal} is no plan's id", "`lsp-orch plan --list` shows them"))
    else:
        if not as_json:
            tell("A model reads the project and makes a plan; this takes a while.")
        answer = ask("plan.propose", workspace=workspace(chosen), goal=goal, template=template)
    if apply and not reject:
        answer = ask("plan.apply", id=answer["plan"]["id"], anyway=anyway)
    emit(answer, as_json, _shown)


def _shown(answer: dict[str, Any]) -> RenderableType:
    found = answer["plan"]
    parts: list[RenderableType] = [Text(f"{found['id']} is {found['state']}: {found['goal']}")]
    if found["error"]:
        parts.append(Text(found["error"]))
    if found["tasks"]:
        parts += [
            Text(f"\n{found['summary']}\n"),
            _graph(found["tasks"]),
            Text(f"\n{_estimate(found['estimate'])}"),
        ]
    parts += [Text(f"Note: {words}.") for words in found["warnings"]]
    if found["state"] == "proposed":
        parts.append(Text(f"Nothing is filed yet: lsp-orch plan {found['id']} --apply"))
    if tasks := answer.get("tasks"):
        parts.append(Text(f"Filed: {', '.join(task['id'] for task in tasks)}"))
    return Group(*parts)


def _graph(tasks: list[dict[str, Any]]) -> Table:
    """One line a task; each stands right of all that it waits for."""
    table = Table("Task", "Does", "Stage", "Model", "Changes", "After", "Check", box=None, pad_edge=False)
    depths: dict[str, int] = {}
    for task in tasks:
        depths[task["name"]] = depth = max((depths[name] + 1 for name in task["after"]), default=0)
        role = "" if task["role"] == "none" else f" ({task['role']})"
        table.add_row(
            f"{'  ' * depth}{task['name']}",
            task["title"],
            f"{task['stage']}{role}",
            task["model"],
            ", ".join(task["paths"]) or "nothing",
            "\n".join(_after(name, task["because"].get(name)) for name in task["after"]),
            task["check"] or "-",
        )
    return table


def _after(name: str, because: str | None) -> str:
    return f"{name} (both change {because})" if because else name


def _estimate(found: dict[str, Any]) -> str:
    guessed = f", {found['guessed']} of its tasks guessed" if found["guessed"] else ""
    return (
        f"About ${found['cost_usd']:.2f} and {_minutes(found['wall_s'])}, one after the other"
        f" {_minutes(found['work_s'])} ({found['speedup']:.1f}x){guessed}."
        f" The longest chain: {' -> '.join(found['longest'])}, {_minutes(found['longest_s'])}."
    )


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min"


def _plans(answer: dict[str, Any]) -> RenderableType:
    table = Table("Plan", "State", "Tasks", "Goal", box=None, pad_edge=False)
    for each in answer["plans"]:
        table.add_row(each["id"], each["state"], str(len(each["tasks"] or [])), each["goal"].splitlines()[0])
    return table
