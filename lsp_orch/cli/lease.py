"""``lsp-orch lease``: who may write what, now."""

import getpass
import json
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from lsp_orch.cli.ask import ask, ask_and_wait, connected
from lsp_orch.cli.output import REFUSED, JsonOption, emit, fail, out, tell
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.caller import trace
from lsp_orch.client.errors import ClientError

app = typer.Typer(help="Who may write what, now.", no_args_is_help=True)


class Mode(StrEnum):
    """Readers share; a writer is alone."""

    WRITE = "write"
    READ = "read"


def _seconds(value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise typer.BadParameter("must be a number of seconds that is not negative")
    return value


_RESOURCES = (
    "Files, folders (src/), patterns ('src/**/*.py'), port:8080, terminal:NAME, mcp:NAME, "
    "git:commit, git:push, git:rebase; all or none."
)
_IDS = "Leases or tickets, as `list` shows them."
IdsArgument = Annotated[list[str], typer.Argument(metavar="ID...", help=_IDS)]
EverywhereOption = Annotated[bool, typer.Option("--all", help="In every workspace, not only in this one.")]


@app.command()
def acquire(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help=_RESOURCES,
        ),
    ],
    mode: Annotated[Mode, typer.Option(help="Readers share; a writer is alone.")] = Mode.WRITE,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Hold them under this name instead of yours.")
    ] = "",
    wait: Annotated[
        float, typer.Option(metavar="S", callback=_seconds, help="Wait so many seconds for the grant.")
    ] = 0,
    ttl: Annotated[
        float | None,
        typer.Option(metavar="S", callback=_seconds, help="Hold them so many seconds unless renewed."),
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What for; others who ask are told.")] = "",
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for files and other resources; what is not free yet is queued, and the exit code is 1."""
    answer = ask_and_wait(
        "lease.acquire",
        "wait_s",
        paths=paths,
        workspace=workspace(chosen),
        cwd=str(chosen or Path.cwd()),
        user=getpass.getuser(),
        **trace(),
        mode=mode.value,
        wait_s=wait,
        reason=reason,
        **{"as": name},
        **({} if ttl is None else {"ttl_s": ttl}),
    )
    emit(answer, as_json, _outcome)
    if not answer["granted"]:
        raise typer.Exit(REFUSED)


@app.command()
def steal(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help=_RESOURCES)],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; the holder is told.")],
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Take them under this name, as a program.")
    ] = "",
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take what others hold: at once as a person, as a program when no holder has objected in time."""
    answer = ask(
        "lease.steal",
        paths=paths,
        workspace=workspace(chosen),
        cwd=str(chosen or Path.cwd()),
        user=getpass.getuser(),
        **trace(),
        reason=reason,
        **{"as": name},
    )
    emit(answer, as_json, _outcome)
    if not answer["granted"]:
        raise typer.Exit(REFUSED)


@app.command()
def handover(
    lease_id: Annotated[str, typer.Argument(metavar="ID", help="The lease, as `list` shows it.")],
    to: Annotated[
        str, typer.Option(metavar="SESSION", help="Who gets it: a session's id or name, or who waits for it.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Give a lease to somebody else, whoever else waits for it."""
    answer = ask("lease.handover", id=lease_id, to=to, **trace())
    emit(answer, as_json, lambda given: leases_table([given["lease"]]))


@app.command()
def downgrade(ids: IdsArgument, as_json: JsonOption = False) -> None:
    """Read on what was held for writing, and let others read beside it."""
    emit(ask("lease.downgrade", ids=ids, **trace()), as_json, lambda answer: leases_table(answer["leases"]))


@app.command()
def release(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help=_IDS)] = None,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Everything this name holds or waits for.")
    ] = "",
    everywhere: EverywhereOption = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give files back; whoever waits gets them at once."""
    if not ids and not name:
        raise typer.BadParameter("name leases or tickets, or a holder with --as")
    where = "" if everywhere or not name else workspace(chosen)
    answer = ask("lease.release", ids=ids or [], workspace=where, **{"as": name}, **trace())
    emit(answer, as_json, _released)


@app.command()
def renew(ids: IdsArgument, as_json: JsonOption = False) -> None:
    """Hold on to leases for another while."""
    emit(ask("lease.renew", ids=ids, **trace()), as_json, lambda answer: leases_table(answer["leases"]))


@app.command()
def check(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help=_RESOURCES)],
    token: Annotated[int, typer.Option(metavar="N", help="The token of the lease, as `acquire` gave it.")],
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask whether a token still counts before something is written under it; exit 1 when it is superseded."""
    cwd = str(chosen or Path.cwd())
    answer = ask("lease.check", paths=paths, workspace=workspace(chosen), cwd=cwd, token=token)
    emit(answer, as_json, lambda checked: f"Token {checked['token']} still counts.")


@app.command("list")
def show(
    everywhere: EverywhereOption = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who holds what, and who waits for it."""
    emit(ask("lease.list", workspace="" if everywhere else workspace(chosen)), as_json, _listing)


@app.command()
def watch(
    everywhere: EverywhereOption = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,  # noqa: ARG001 - lines of JSON are the only form; the option may be given
) -> None:
    """Print each event as a line of JSON, as it happens, until interrupted."""
    where = "" if everywhere else workspace(chosen)
    with connected() as call:
        try:
            call.request("lease.watch", {"workspace": where})
        except ClientError as error:
            fail(error)
        tell(f"watching {where or 'every workspace'}; Ctrl-C ends it")
        for _, event in call.notifications():
            out().file.write(json.dumps(event, ensure_ascii=False) + "\n")
            out().file.flush()
    fail(ClientError("daemon-unreachable", "the daemon has left", "run the same again: it starts a new one"))


def leases_table(leases: list[dict[str, Any]]) -> RenderableType:
    """Leases for people."""
    if not leases:
        return "Nobody holds anything."
    table = Table("File", "Holder", "Mode", "State", "Until", "Lease", "Reason", box=None, pad_edge=False)
    for each in leases:
        table.add_row(
            "\n".join(each["resources"]),
            each["holder"]["name"],
            each["mode"],
            f"{each['state']}, contested" if each["contested"] else each["state"],
            each["expires_at"] or "saved",
            each["id"],
            each["reason"],
        )
    return table


def _outcome(answer: dict[str, Any]) -> RenderableType:
    if answer["granted"]:
        lease = answer["lease"]
        yours = f"{', '.join(lease['resources'])}: yours until {lease['expires_at']} ({lease['id']})"
        return Group(yours, *map(_elsewhere, answer.get("elsewhere", ())))
    ticket, claim = answer["ticket"], answer.get("claim")
    return Group(
        *([f"Yours at {claim['until']}, unless a holder objects."] if claim else []),
        f"Not free yet. You are number {ticket['position']} in the queue ({ticket['id']}).",
        *([leases_table(answer["conflicts"])] if answer["conflicts"] else []),
    )


def _elsewhere(lease: dict[str, Any]) -> str:
    on = f", branch {lease['branch']}" if lease["branch"] else ""
    return (
        f"{lease['holder']['name']} works on {', '.join(lease['resources'])} in {lease['workspace']}{on}: "
        "expect a conflict when both are merged."
    )


def _released(answer: dict[str, Any]) -> RenderableType:
    given = [path for lease in answer["released"] for path in lease["resources"]]
    return f"Released: {', '.join(given) or 'nothing was held'}."


def _listing(answer: dict[str, Any]) -> RenderableType:
    if not answer["waiters"]:
        return leases_table(answer["leases"])
    queue = Table("Waiting for", "Who", "Mode", "Place", "Since", "Ticket", box=None, pad_edge=False)
    for each in answer["waiters"]:
        queue.add_row(
            "\n".join(each["resources"]),
            each["holder"]["name"],
            each["mode"],
            str(each["position"]),
            each["since"],
            each["id"],
        )
    return Group(leases_table(answer["leases"]), "", queue)
