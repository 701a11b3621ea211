"""``lsp-orch config``: what is set, where, and by whom."""

import getpass
import os
import sys
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit, fail
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.errors import ClientError
from lsp_orch.domain import store_url
from lsp_orch.domain.errors import Code

app = typer.Typer(help="What is set, where, and by whom.", no_args_is_help=True)


@app.command()
def show(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show every setting with its value and where that comes from."""
    answer = ask("config.show", workspace=workspace(chosen), environment=environment())
    emit(answer, as_json, _table)


@app.command()
def path(chosen: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show the files and folders that lsp-orch reads and writes."""
    emit(ask("config.path", workspace=workspace(chosen)), as_json, _paths)


@app.command()
def password(
    store: Annotated[
        str,
        typer.Argument(
            envvar="LSP_ORCH_STORE",
            metavar="STORE",
            help="The database, postgresql://USER@HOST/DATABASE; LSP_ORCH_STORE without it.",
        ),
    ],
    remove: Annotated[bool, typer.Option("--remove", help="Forget the password.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep the password of a PostgreSQL store in the keyring; it is asked for, or read from stdin."""
    if not (store.startswith(store_url.POSTGRES) and store_url.sound(store)):
        told, mend = f"{store_url.redacted(store)} is no database", "name it postgresql://USER@HOST/DATABASE"
        fail(ClientError(Code.BAD_SETTING, told, f"{mend}, without the password"))
    account = store_url.account(store)
    _keep(account, None if remove else _word(account))
    emit({"account": account, "kept": not remove}, as_json, _kept)


def environment() -> dict[str, str]:
    """The variables of this process that are ours."""
    return {name: text for name, text in os.environ.items() if name.startswith("LSP_ORCH_")}


def _word(account: str) -> str:
    asked = f"Password of {account}: "
    word = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not word:
        fail(ClientError(Code.BAD_REQUEST, "there is no password on stdin", "write it there, and a line end"))
    return word


def _keep(account: str, word: str | None) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        if word is not None:
            keyring.set_password(store_url.SERVICE, account, word)
        elif keyring.get_password(store_url.SERVICE, account) is not None:
            keyring.delete_password(store_url.SERVICE, account)
    except KeyringError as error:
        told = f"this machine has no keyring that could keep it: {str(error).splitlines()[0]}"
        mend = "write the password into PGPASSFILE (~/.pgpass), or let the server trust the user"
        fail(ClientError(Code.KEYRING_UNAVAILABLE, told, mend))


def _kept(answer: dict[str, Any]) -> str:
    return f"The password of {answer['account']} is {'kept' if answer['kept'] else 'forgotten'}."


def _table(answer: dict[str, Any]) -> RenderableType:
    table = Table("Setting", "Value", "From", "Meaning", box=None, pad_edge=False)
    for key, each in answer["settings"].items():
        value = str(each["value"]) or "-"
        if "running" in each:
            value += f"\n(the running daemon has {each['running'] or 'none'})"
        table.add_row(key, value, each["where"] or each["source"], each["meaning"])
    return table


def _paths(answer: dict[str, Any]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, found in answer["paths"].items():
        table.add_row(name, found)
    return table
