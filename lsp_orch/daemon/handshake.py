"""How the daemon answers a hello: served, told to try again, or refused."""

import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lsp_orch import __version__
from lsp_orch.client.hello import PROTOCOL
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.endpoints.wire import Hello

METHOD = "lspOrch/hello"
STOP = "stop"  # the role of `lsp-orch daemon stop`, served whatever protocol it speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """A hello as it came."""

    hello: Hello
    protocol: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """What the answer depends on; ``free`` when nobody else needs this daemon."""

    pid: int
    roles: Collection[str]
    token: str
    free: bool
    leaving: bool


def read(body: bytes) -> Greeting | None:
    """Understand a first frame; None when it is no hello. Raises Misuse when it is a broken one."""
    if METHOD.encode() not in body:
        return None
    try:
        message = json.loads(body)
    except ValueError:
        return None
    if not isinstance(message, dict) or message.get("method") != METHOD:
        return None
    params = message.get("params")
    if not isinstance(params, dict):
        raise Misuse(Code.BAD_REQUEST, f"{METHOD} needs an object of params")
    return Greeting(
        hello=Hello(
            role=_field(params, "role", str),
            version=_field(params, "version", str),
            pid=_field(params, "pid", int, 0),
            mode=_field(params, "mode", str, ""),
            cwd=_field(params, "cwd", str, ""),
            inbox=_field(params, "inbox", str, ""),
            inbox_token=_field(params, "inbox_token", str, ""),
        ),
        protocol=_field(params, "protocol", int),
        token=_field(params, "token", str, ""),
    )


def judge(greeting: Greeting, us: Us) -> str | Refusal:
    """Decide: ``ok``, ``retry`` (we are leaving, or make room for this newer client), or a refusal."""
    hello = greeting.hello
    if us.token and not secrets.compare_digest(greeting.token.encode(), us.token.encode()):
        return Refusal(
            code=Code.BAD_REQUEST, message="The token is wrong", hint="Read the endpoint file again."
        )
    if us.leaving or (hello.role != STOP and us.free and _newer(greeting)):
        return "retry"
    if hello.role == STOP:
        return "ok"
    if greeting.protocol != PROTOCOL:
        return _mismatch(greeting, us.pid)
    if hello.role not in us.roles:
        return Refusal(
            code=Code.BAD_REQUEST,
            message=f"No role is named {hello.role!r}",
            hint=f"This daemon knows {', '.join(sorted(us.roles))}.",
        )
    return "ok"


def answer(verdict: str | Refusal, pid: int) -> tuple[dict[str, Any], bytes]:
    """Word the answer: the message, and the headers that a client without a JSON library reads."""
    status = "refused" if isinstance(verdict, Refusal) else verdict
    headers = f"Status: {status}\r\nPid: {pid}\r\nVersion: {__version__}\r\n".encode()
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": "hello"}
    if isinstance(verdict, Refusal):
        data = {"code": verdict.code, "hint": verdict.hint}
        return {**message, "error": {"code": -32600, "message": verdict.message, "data": data}}, headers
    return {**message, "result": {"protocol": PROTOCOL, "version": __version__, "pid": pid}}, headers


def _newer(greeting: Greeting) -> bool:
    return (greeting.protocol, _numbers(greeting.hello.version)) > (PROTOCOL, _numbers(__version__))


def _mismatch(greeting: Greeting, pid: int) -> Refusal:
    theirs = f"lsp-orch {greeting.hello.version} (protocol {greeting.protocol})"
    own = f"daemon {__version__} (protocol {PROTOCOL}, pid {pid})"
    if greeting.protocol > PROTOCOL:
        return Refusal(
            code=Code.VERSION_MISMATCH,
            message=f"The {own} is older than this {theirs}, and has work to finish",
            hint="The daemon is the one to upgrade: run `lsp-orch daemon restart` when its work is done.",
        )
    return Refusal(
        code=Code.VERSION_MISMATCH,
        message=f"This {theirs} is older than the running {own}",
        hint=f"This side is the one to upgrade: install lsp-orch {__version__} here.",
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d{1,9}", version)[:3])


def _field(params: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    value = params.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Misuse(Code.BAD_REQUEST, f"{METHOD} needs {name!r} of type {kind.__name__}")
    return value
