"""One connection of the command line: requests in, answers out, each in its own time."""

import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from lsp_orch.domain.errors import Code, Misuse, OrchError, Refusal
from lsp_orch.endpoints.wire import Peer

Answer: TypeAlias = dict[str, Any] | Refusal
Method: TypeAlias = Callable[[dict[str, Any]], Answer | Awaitable[Answer]]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
REFUSED = -32000

_log = logging.getLogger(__name__)


def failure(number: int, refusal: Refusal) -> dict[str, Any]:
    """A JSON-RPC error object that carries our stable code and the mend."""
    return {
        "code": number,
        "message": refusal.message,
        "data": {"code": refusal.code.value, "hint": refusal.hint},
    }


class RpcRole:
    """Serves a table of methods."""

    def __init__(self, peer: Peer, methods: Mapping[str, Method]) -> None:
        self._peer = peer
        self._methods = methods

    def receive(self, body: bytes) -> None:
        """Take one request; what cannot be understood is answered too."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._fail(
                None, PARSE_ERROR, Refusal(code=Code.BAD_REQUEST, message=f"this is not JSON: {error}")
            )
            return
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            refusal = Refusal(code=Code.BAD_REQUEST, message="a request is an object with a method")
            self._fail(None, INVALID_REQUEST, refusal)
            return
        self._begin(message)

    def lost(self, *, clean: bool) -> None:
        """Nothing to tidy up: the peer's handlers end with the connection."""

    def _begin(self, message: dict[str, Any]) -> None:
        """Call the method at once, so that all that came in together reaches the desk together."""
        call_id, name, params = message.get("id"), message["method"], message.get("params", {})
        method = self._methods.get(name)
        if method is None:
            refusal = Refusal(code=Code.UNKNOWN_METHOD, message=f"there is no method {name}")
            self._fail(call_id, METHOD_NOT_FOUND, refusal)
            return
        try:
            answer = method(_object(params))
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller must hear of it
            self._stumble(call_id, name, error)
            return
        if inspect.isawaitable(answer):
            self._peer.spawn(self._finish(call_id, name, answer))
        else:
            self._tell(call_id, answer)

    async def _finish(self, call_id: Any, name: str, coming: Awaitable[Answer]) -> None:
        try:
            answer = await coming
        except Exception as error:  # noqa: BLE001 - the same
            self._stumble(call_id, name, error)
        else:
            self._tell(call_id, answer)

    def _tell(self, call_id: Any, answer: Answer) -> None:
        if isinstance(answer, Refusal):
            self._fail(call_id, REFUSED, answer)
        elif call_id is not None:
            self._peer.send({"jsonrpc": "2.0", "id": call_id, "result": answer})

    def _stumble(self, call_id: Any, name: str, error: Exception) -> None:
        if isinstance(error, OrchError):
            self._fail(call_id, REFUSED, error.refusal)
            return
        _log.error("%s failed", name, exc_info=error)
        refusal = Refusal(code=Code.INTERNAL, message=f"{name} failed; the daemon's log says why")
        self._fail(call_id, INTERNAL_ERROR, refusal)

    def _fail(self, call_id: Any, number: int, refusal: Refusal) -> None:
        self._peer.send({"jsonrpc": "2.0", "id": call_id, "error": failure(number, refusal)})


def _object(params: Any) -> dict[str, Any]:
    if not isinstance(params, dict):
        raise Misuse(Code.BAD_REQUEST, "params must be an object")
    return params
