"""What ``lsp-orch task add`` may be told of a task."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from lsp_orch.cli.output import fail
from lsp_orch.client.errors import ClientError
from lsp_orch.domain.errors import Code
from lsp_orch.domain.task import Isolation, OnDead


class Priority(StrEnum):
    """P0 is the most urgent."""

    P0 = "0"
    P1 = "1"
    P2 = "2"
    P3 = "3"
    P4 = "4"


PromptArgument = Annotated[
    str, typer.Argument(metavar="PROMPT", help="What is to be done; - reads it from stdin, up to 1 MB.")
]
TitleOption = Annotated[str, typer.Option(metavar="T", help="A short name; else the prompt's first line.")]
PathOption = Annotated[
    list[str] | None, typer.Option(metavar="GLOB", help="What it may change; can be given again.")
]
AfterOption = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="Start only after this task is done; can be given again."),
]
ModelOption = Annotated[
    str, typer.Option(metavar="auto|haiku|sonnet|opus|NAME", help="Who does it; auto chooses.")
]
PriorityOption = Annotated[Priority, typer.Option(help="0 is the most urgent.")]
CheckOption = Annotated[
    str, typer.Option(metavar="CMD", help="A command that must succeed before it is merged.")
]
MoneyOption = Annotated[float | None, typer.Option(metavar="N", help="Money cap of an attempt.")]
TurnsOption = Annotated[int | None, typer.Option(metavar="N", help="Turn cap of an attempt.")]
TimeoutOption = Annotated[float | None, typer.Option(metavar="S", help="Time limit of an attempt.")]
AttemptsOption = Annotated[int | None, typer.Option(metavar="N", help="Attempts before it fails.")]
KeyOption = Annotated[str, typer.Option(metavar="KEY", help="Asking twice with one key is asking once.")]
OnFailedOption = Annotated[
    OnDead, typer.Option(help="When what it waits for fails: wait for a person, or be cancelled with it.")
]
IsolateOption = Annotated[Isolation, typer.Option(help="In a worktree of its own, or in your checkout.")]

_LONGEST = 2**20  # bytes of a prompt


def prompt_of(argument: str) -> str:
    """What the argument says, or stdin for ``-``."""
    if argument != "-":
        return argument
    given = sys.stdin.buffer.read(_LONGEST + 1)
    if len(given) > _LONGEST:
        words = f"a prompt is at most {_LONGEST} bytes"
        fail(ClientError(Code.MESSAGE_TOO_LARGE, words, "put what is long into a file that the prompt names"))
    try:
        return given.decode()
    except UnicodeDecodeError as error:
        fail(ClientError(Code.BAD_REQUEST, f"the prompt on stdin is not UTF-8 ({error})"))
