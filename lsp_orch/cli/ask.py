"""One question to the daemon."""

from typing import Any

import typer

from lsp_orch.cli.output import UNREACHABLE, fail, report
from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError


def ask(method: str, **params: Any) -> dict[str, Any]:
    """Ask and give the answer; a refusal, or a daemon that can't be reached, ends the verb."""
    with connected() as call:
        try:
            answer: dict[str, Any] = call.request(method, params)
        except ClientError as error:
            fail(error)
    return answer


def connected() -> Call:
    """A connection to the daemon, which is started where none runs; what prevents that ends the verb."""
    try:
        return Call()
    except ClientError as error:
        raise typer.Exit(report(error, UNREACHABLE)) from error
