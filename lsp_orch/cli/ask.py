"""One question to the daemon."""

from typing import Any

import typer

from lsp_orch.cli.output import UNREACHABLE, fail, report
from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from lsp_orch.domain.errors import Code

_LEAST_S = 0.1


def ask(method: str, **params: Any) -> dict[str, Any]:
    """Ask and give the answer; a refusal, or a daemon that can't be reached, ends the verb."""
    with connected() as call:
        try:
            answer: dict[str, Any] = call.request(method, params)
        except ClientError as error:
            fail(error)
    return answer


def ask_and_wait(method: str, limit: str, /, **params: Any) -> dict[str, Any]:
    """Ask what takes up to ``params[limit]`` seconds (0: no limit, or none at all) and may be asked twice.

    A daemon that is stopped or killed meanwhile has a successor, which knows who waits for what.
    """
    with connected() as call:
        try:
            answer: dict[str, Any] = call.request(method, params)
        except ClientError as error:
            if error.code != Code.DAEMON_UNREACHABLE:
                fail(error)
        else:
            return answer
    left = params[limit] and max(_LEAST_S, params[limit] - call.age_s)
    return ask(method, **{**params, limit: left})


def connected() -> Call:
    """A connection to the daemon, which is started where none runs; what prevents that ends the verb."""
    try:
        return Call()
    except ClientError as error:
        raise typer.Exit(report(error, UNREACHABLE)) from error
