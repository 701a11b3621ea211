"""How verbs answer: one JSON document or text for people on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable
from functools import cache
from typing import IO, Annotated, Any, NoReturn

import typer
from rich.console import Console, RenderableType

from lsp_orch.client.errors import ClientError
from lsp_orch.client.places import here
from lsp_orch.domain.errors import Code

REFUSED = 1
USAGE = 2
UNREACHABLE = 3
BUG = 70
CUT_OFF = 141  # what a shell reports of a program that SIGPIPE ended

_STATUS: dict[str, int] = {
    Code.BAD_REQUEST: USAGE,
    Code.DAEMON_UNREACHABLE: UNREACHABLE,
    Code.VERSION_MISMATCH: UNREACHABLE,
    Code.INTERNAL: BUG,
}
_PIPE_WIDTH = 1000  # columns where no terminal ends a line: programs read it, and nothing may be folded
# a name may hold what a terminal would obey: it is shown, and does nothing
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}

JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]


def emit(
    document: dict[str, Any], as_json: bool, render: Callable[[dict[str, Any]], RenderableType | None]
) -> None:
    """Answer: the document as it is, or as ``render`` shows it to people (None: nothing to say)."""
    if as_json:
        print_json(document)
    elif (shown := render(harmless(document))) is not None:
        out().print(shown, soft_wrap=isinstance(shown, str))


def fail(error: ClientError) -> NoReturn:
    """Say what went wrong and leave with the code that stands for it."""
    raise typer.Exit(report(error))


def report(error: ClientError, status: int | None = None) -> int:
    """Say what went wrong, on stdout too when JSON is wanted; ``status`` or the error's own exit code."""
    if wants_json():
        print_json({"error": {"code": error.code, "message": str(error), "hint": error.hint}})
    tell(f"lsp-orch: {error} [{error.code}]")
    if error.hint:
        tell(error.hint)
    if error.code == Code.INTERNAL:
        tell(f"This is a bug in lsp-orch. Its log is {here().log}.")
    return _STATUS.get(error.code, REFUSED) if status is None else status


def print_json(document: dict[str, Any]) -> None:
    """Write one document, on one line unless a terminal shows it."""
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(  # noqa: T201 - stdout is what this module is for
        json.dumps(document, ensure_ascii=ascii_only, indent=2 if sys.stdout.isatty() else None), flush=True
    )


def tell(text: str) -> None:
    """A diagnostic for people: on stderr, so that it never mixes with an answer."""
    _console(sys.stderr).print(harmless(text), soft_wrap=True)


def out() -> Console:
    """Where answers for people go; colours only on a terminal, and never with NO_COLOR."""
    return _console(sys.stdout)


def harmless(value: Any) -> Any:
    """The same document with its control characters spelled out, for people's terminals; lines stay lines."""
    match value:
        case str():
            return value.translate(_CONTROLS)
        case list():
            return [harmless(each) for each in value]
        case dict():
            return {key: harmless(each) for key, each in value.items()}
        case _:
            return value


def wants_json() -> bool:
    """Whether this call has ``--json``: also known when the rest of it could not be understood."""
    arguments = sys.argv[1:]
    return "--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments)


@cache
def _console(file: IO[str]) -> Console:
    # what people and programs call themselves may hold brackets and colons: nothing is markup
    width = None if file.isatty() else _PIPE_WIDTH
    return Console(file=file, width=width, markup=False, emoji=False, highlight=False)
