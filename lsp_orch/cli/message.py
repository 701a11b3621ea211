"""``lsp-orch message``: what sessions and people say to each other."""

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from lsp_orch.cli.ask import ask
from lsp_orch.cli.output import JsonOption, emit
from lsp_orch.cli.workspace import WorkspaceOption, workspace
from lsp_orch.client.caller import trace

app = typer.Typer(help="What sessions and people say to each other.", no_args_is_help=True)

TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="At most 2000 characters.")]
UrgentOption = Annotated[
    bool, typer.Option("--urgent", help="Also into a turn that runs; it is kept for longer.")
]
KeyOption = Annotated[
    str, typer.Option(metavar="KEY", help="The same key sends a message once, however often it is said.")
]


@app.command()
def send(
    to: Annotated[
        str, typer.Argument(metavar="SESSION", help="A session's id or name, a running task's id, or `user`.")
    ],
    text: TextArgument,
    urgent: UrgentOption = False,
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Tell a session something; it hears it between two tool calls, and never as anybody's consent."""
    emit(ask("message.send", to=to, text=text, urgent=urgent, key=key, **trace()), as_json, _sent)


@app.command()
def broadcast(
    text: TextArgument,
    urgent: UrgentOption = False,
    key: KeyOption = "",
    everywhere: Annotated[
        bool, typer.Option("--all", help="In every repository, not only in this one.")
    ] = False,
    chosen: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell it to all sessions in this repository's checkouts, with each one's next tool call."""
    where = "" if everywhere else workspace(chosen)
    params = {"text": text, "urgent": urgent, "key": key, "workspace": where}
    emit(ask("message.broadcast", **params, **trace()), as_json, _sent)


@app.command()
def inbox(
    everything: Annotated[bool, typer.Option("--all", help="Also what you were told before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read what others wrote to you; a session's shell reads that session's."""
    emit(ask("message.inbox", all=everything, **trace()), as_json, _messages)


def _sent(answer: dict[str, Any]) -> str:
    to, known, full = answer["to"], answer["known"], answer["full"]
    parts = [f"{answer['id']} is on its way to {', '.join(to)}." if to else "Nobody was sent it."]
    if known:
        parts.append(f"It was said before to {', '.join(known)}.")
    if full:
        parts.append(f"Too many wait already for {', '.join(full)}.")
    return " ".join(parts)


def _messages(answer: dict[str, Any]) -> RenderableType:
    if not answer["messages"]:
        return "Nobody has written to you."
    return Group(*map(_message, answer["messages"]))


def _message(each: dict[str, Any]) -> str:
    urgent = ", urgent" if each["urgent"] else ""
    return f"{each['sent_at']} {each['from']['name']} ({each['from']['id']}{urgent}): {each['text']}"
