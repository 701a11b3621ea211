"""What ``lsp-orch task add`` may be told of a task."""

from enum import StrEnum
from typing import Annotated

import typer

from lsp_orch.domain.task import Isolation


class Priority(StrEnum):
    """P0 is the most urgent."""

    P0 = "0"
    P1 = "1"
    P2 = "2"
    P3 = "3"
    P4 = "4"


PromptArgument = Annotated[str, typer.Argument(metavar="PROMPT", help="What is to be done.")]
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
IsolateOption = Annotated[Isolation, typer.Option(help="In a worktree of its own, or in your checkout.")]
