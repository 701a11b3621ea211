"""``lsp-orch status``: everything at a glance."""

from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from lsp_orch.cli.ask import ask
from lsp_orch.cli.lease import leases_table
from lsp_orch.cli.output import JsonOption, emit
from lsp_orch.cli.pause import line
from lsp_orch.cli.workspace import WorkspaceOption, workspace

app = typer.Typer()


@app.command()
def status(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show the daemon, who is here, who holds what, the queue and the vault at a glance."""
    emit(ask("status", workspace=workspace(chosen)), as_json, _glance)


def _glance(answer: dict[str, Any]) -> RenderableType:
    daemon, vault = answer["daemon"], answer["vault"]
    tasks = ", ".join(f"{count} {state}" for state, count in answer["tasks"].items() if count)
    facts = Table(box=None, pad_edge=False, show_header=False)
    up = _ago(daemon["uptime_s"])
    facts.add_row("daemon", f"lsp-orch {answer['version']}, pid {daemon['pid']}, up {up}")
    facts.add_row("store", daemon["store"])
    facts.add_row("tasks", tasks or "none")
    for hold in answer["holds"]:
        facts.add_row("waits", f"{hold['scope']} until {hold['until']}: {hold['why']}")
    for notice in answer["notices"]:
        facts.add_row("notice", f"{notice['code']}: {notice['message']}")
    for each in answer["dispatcher"]["paused"]:
        facts.add_row("paused", line(each))
    facts.add_row("vault", vault.get("error") or f"{vault['notes']} notes")
    if (reaper := answer["reaper"])["frozen_until"]:
        facts.add_row("reaper", f"frozen until {reaper['frozen_until']}: {reaper['why']}")
    facts.add_row("here", "\n".join(map(_session, answer["sessions"])) or "nobody")
    return Group(facts, "", leases_table(answer["leases"]))


def _session(each: dict[str, Any]) -> str:
    pid = f", pid {each['pid']}" if each["pid"] else ""
    return f"{each['name']} ({each['kind']}{pid}) in {each['workspace'] or 'no workspace'}"


def _ago(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
