"""The command line: each verb is imported when it is called."""

import io
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from lsp_orch import __version__
from lsp_orch.cli.output import BUG, CUT_OFF, USAGE, print_json, report, tell, wants_json
from lsp_orch.client.errors import ClientError
from lsp_orch.client.places import here
from lsp_orch.domain.errors import Code

# each verb's module; its `app` is one command, or a group of them
VERBS = {
    "demo": "lsp_orch.cli.demo",
    "setup": "lsp_orch.cli.setup",
    "status": "lsp_orch.cli.status",
    "doctor": "lsp_orch.cli.doctor",
    "lease": "lsp_orch.cli.lease",
    "recover": "lsp_orch.cli.recover",
    "task": "lsp_orch.cli.task",
    "plan": "lsp_orch.cli.plan",
    "review": "lsp_orch.cli.review",
    "pause": "lsp_orch.cli.pause",
    "resume": "lsp_orch.cli.resume",
    "report": "lsp_orch.cli.report",
    "message": "lsp_orch.cli.message",
    "vault": "lsp_orch.cli.vault",
    "daemon": "lsp_orch.cli.daemon",
    "config": "lsp_orch.cli.config",
    "lsp": "lsp_orch.cli.lsp",
    "mcp": "lsp_orch.cli.mcp",
    "hook": "lsp_orch.cli.hook",
    "guard": "lsp_orch.cli.guard",
}


class _Verbs(TyperGroup):
    """The table, as typer sees it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's own signature
        """Every verb, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the same
        """Import one verb."""
        if cmd_name not in VERBS:
            return None
        verb = import_module(VERBS[cmd_name]).app
        verb._add_completion = False  # noqa: SLF001 - typer's only switch for it; the root offers completion
        command = get_command(verb)
        command.name = cmd_name
        return command


app = typer.Typer(cls=_Verbs, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lsp-orch {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Keep people and agents from overwriting each other, run tasks, remember what was learned."""


def main() -> None:
    """Run one verb and leave with its exit code; see CONTRACT's table of them."""
    if sys.stdout is None:  # it was closed: nobody wants the answer
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open while we live
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that this locale can't write is still told
    sys.exit(_run())


def _run() -> int:
    try:
        return get_command(app)(prog_name="lsp-orch", standalone_mode=False) or 0
    except ClientError as error:
        return report(error)
    except SystemExit as ended:  # typer and rich make 1, a refusal, of a closed pipe
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        _mute()  # whoever read our answer has had enough
        return CUT_OFF
    except Exception as error:  # noqa: BLE001 - the last frame: a bug must leave its trace where people find it
        # typer has a base class for what the user got wrong, and does not export it
        return _misused(error) if getattr(error, "exit_code", None) == USAGE else _failed(error)


def _misused(error: Any) -> int:
    from typer.rich_utils import rich_format_error

    if wants_json():
        message = error.format_message()
        print_json({"error": {"code": Code.BAD_REQUEST.value, "message": message, "hint": "see --help"}})
    rich_format_error(error)
    return USAGE


def _failed(error: Exception) -> int:
    trace = "".join(traceback.format_exception(error))
    log = Path(here().log).with_suffix(".cli.log")
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(trace)
    except OSError:
        tell(trace)  # nowhere to keep it
    if wants_json():
        told = {"message": f"{type(error).__name__}: {error}", "hint": f"see {log}"}
        try:
            print_json({"error": {"code": Code.INTERNAL.value, **told}})
        except OSError:
            _mute()  # stdout itself is what fails; stderr is told below
    tell(
        f"lsp-orch: {type(error).__name__}: {error} [{Code.INTERNAL}]\nThis is a bug in lsp-orch; see {log}."
    )
    return BUG


def _mute() -> None:
    """Let what is still buffered for stdout go nowhere, rather than fail once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
