"""``lsp-orch daemon``: the process behind everything."""

from typing import Annotated, Any

import typer

from lsp_orch import __version__
from lsp_orch.cli.output import UNREACHABLE, JsonOption, emit, report
from lsp_orch.cli.tail import lines
from lsp_orch.client import control
from lsp_orch.client.errors import ClientError
from lsp_orch.client.line import Line

app = typer.Typer(help="The process behind everything; it starts by itself.", no_args_is_help=True)


@app.command()
def start(as_json: JsonOption = False) -> None:
    """Start the daemon, unless it runs."""
    _emit_running(_started(), as_json)


@app.command()
def stop(as_json: JsonOption = False) -> None:
    """Let the daemon finish what it does, and leave."""
    pid = _stopped()
    emit({"stopped": pid is not None, "pid": pid}, as_json, _farewell)


@app.command()
def restart(as_json: JsonOption = False) -> None:
    """Stop the daemon and start it again, as this version and with these settings."""
    _stopped()
    _emit_running(_started(), as_json)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Say whether the daemon runs; the exit code is 3 when it does not."""
    try:
        line = control.running()
    except ClientError as error:
        raise typer.Exit(report(error, UNREACHABLE)) from error
    if line is None:
        emit({"running": False, "log": control.log_path()}, as_json, lambda _: "The daemon does not run.")
        raise typer.Exit(UNREACHABLE)
    _emit_running(line, as_json)


@app.command()
def logs(
    follow: Annotated[bool, typer.Option("--follow", help="Go on as lines come, until interrupted.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the daemon's log."""
    path = control.log_path()
    if as_json and not follow:
        emit({"path": path, "lines": list(lines(path, follow=False))}, as_json, str)
        return
    for line in lines(path, follow=follow):
        typer.echo(line)


def _started() -> Line:
    try:
        return control.start()
    except ClientError as error:
        raise typer.Exit(report(error, UNREACHABLE)) from error


def _stopped() -> int | None:
    try:
        return control.stop()
    except ClientError as error:
        raise typer.Exit(report(error, UNREACHABLE)) from error


def _emit_running(line: Line, as_json: bool) -> None:
    line.close()
    document = {"running": True, "pid": line.pid, "version": line.version, "log": control.log_path()}
    emit(document, as_json, _presence)


def _presence(document: dict[str, Any]) -> str:
    other = "" if document["version"] == __version__ else f"; this is {__version__}"
    return f"The daemon runs: lsp-orch {document['version']}{other}, pid {document['pid']}."


def _farewell(document: dict[str, Any]) -> str:
    pid = document["pid"]
    return "The daemon did not run." if pid is None else f"The daemon has left (pid {pid})."
