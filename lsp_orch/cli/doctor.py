"""``lsp-orch doctor``: each thing that can be wrong, tried out, with the mend."""

from collections.abc import Callable
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from lsp_orch.cli import doctor_guard, doctor_machine, doctor_pipes
from lsp_orch.cli.output import REFUSED, JsonOption, emit
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError

app = typer.Typer()

Check = dict[
    str, Any
]  # {"name", "ok", "status": "ok" | "warning" | "failed", "detail", "mend"}; a warning is ok
_MARKS = {"ok": "ok", "warning": "look", "failed": "FAILED"}


@app.command()
def doctor(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Try out each thing that can be wrong and say how to mend it; exit 0 when all is well."""
    checks = _checks(workspace(chosen))
    document = {"ok": all(each["ok"] for each in checks), "checks": checks}
    emit(document, as_json, _table)
    if not document["ok"]:
        raise typer.Exit(REFUSED)


def _checks(where: str) -> list[Check]:
    checks = [
        _check("python", doctor_machine.python),
        _check("command", doctor_machine.command, optional=True),
        _check("socket folder", doctor_machine.socket_folder),
        _check("state folder", doctor_machine.state_folder),
        _check("daemon", doctor_machine.daemon),
    ]
    if checks[-1]["ok"]:  # without it the rest would only say the same again
        checks += _asked(where)
        checks += [
            _check("hook", doctor_pipes.hook),
            _check("editor pipe", doctor_pipes.editor),
            _guarded(where),
        ]
    return checks


def _guarded(where: str) -> Check:
    """Nobody must have the guard; where it is, it must refuse."""
    there = _check("git guard", lambda: doctor_guard.installed(where), optional=True)
    return there if there["mend"] else _check("git guard", lambda: doctor_guard.canary(where))


def _asked(where: str) -> list[Check]:
    """What only the daemon can try."""
    try:
        with Call() as call:
            checks: list[Check] = call.request("doctor", {"workspace": where})["checks"]
    except ClientError as error:
        return [_failed("daemon's own checks", error)]
    return checks


def _check(name: str, attempt: Callable[[], str], *, optional: bool = False) -> Check:
    try:
        return {"name": name, "ok": True, "status": "ok", "detail": attempt(), "mend": ""}
    except ClientError as error:
        return _failed(name, error, optional=optional)


def _failed(name: str, error: ClientError, *, optional: bool = False) -> Check:
    status = "warning" if optional else "failed"
    return {"name": name, "ok": optional, "status": status, "detail": str(error), "mend": error.hint}


def _table(document: dict[str, Any]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    for each in document["checks"]:
        mend = f"\n-> {each['mend']}" if each["mend"] else ""
        table.add_row(_MARKS[each["status"]], each["name"], each["detail"] + mend, style=_style(each))
    wrong = sum(not each["ok"] for each in document["checks"])
    return Group(table, "", "All is well." if not wrong else f"{wrong} to mend.")


def _style(check: Check) -> str:
    return {"ok": "", "warning": "yellow", "failed": "red"}[check["status"]]
