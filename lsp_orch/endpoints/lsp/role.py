"""One editor's conversation: each frame is read once, each request is answered once."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from types import CoroutineType
from typing import Any, Protocol

from lsprotocol.types import CANCEL_REQUEST, EXIT
from pygls.exceptions import (
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcRequestCancelled,
)

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.endpoints.lsp.faults import expected, fault
from lsp_orch.endpoints.lsp.protocol import EditorServer
from lsp_orch.endpoints.wire import Role

logger = logging.getLogger(__name__)


class Farewell(Protocol):
    """What a session does when its editor is gone."""

    def __call__(self, *, clean: bool) -> None:
        """``clean`` when the editor said ``shutdown`` or ``exit``, or was sent away."""


class EditorRole(Role):
    """Speaks JSON-RPC for one ``EditorServer``; ``farewell`` is told once whether the editor took leave."""

    def __init__(self, server: EditorServer, farewell: Farewell) -> None:
        self.server = server
        self._farewell = farewell
        self._methods = server.methods
        self._protocol = server.protocol
        self._outbox = server.outbox
        self._calls: dict[object, _Call] = {}
        self._over = False

    def receive(self, body: bytes) -> None:
        """Take one frame's body; what is malformed is answered with an error, never raised."""
        if self._over:
            return
        try:
            message = json.loads(body.decode())
        except (ValueError, RecursionError) as error:
            self._refuse(None, JsonRpcParseError(f"not JSON in UTF-8: {error}"))
            return
        if type(message) is not dict:
            self._refuse(None, JsonRpcInvalidRequest("a message is one object; there are no batches in LSP"))
        elif type(method := message.get("method")) is str:
            self._take(method, message)
        else:
            self._take_answer(message)

    def lost(self, *, clean: bool) -> None:
        """End every handler and every question that is under way, then tell the session."""
        clean = clean or self._over or self._protocol.said_goodbye
        self._over = True
        for call in list(self._calls.values()):
            call.cancel()
        self._calls.clear()
        self._protocol.abandon()
        self._farewell(clean=clean)

    def _take(self, method: str, message: dict[str, Any]) -> None:
        msg_id = message.get("id")
        if type(msg_id) not in (str, int) and "id" in message:
            self._refuse(None, JsonRpcInvalidRequest("an id is a string or an integer"))
            return
        try:
            if handler := self._methods.get(method):
                # the hot path: plain JSON in, plain JSON out
                outcome = handler(_params(method, message))
            elif method == CANCEL_REQUEST:
                outcome = None
                self._cancel(message.get("params"))
            else:
                outcome = self._protocol.begin(method, message.get("params"))
            if type(outcome) is CoroutineType:
                self._finish_later(method, msg_id, outcome)
            else:
                self._answer(msg_id, outcome)
        except Exception as error:  # noqa: BLE001  whatever a handler raises, its editor is answered
            self._fail(method, msg_id, error)
        if method == EXIT:
            self._over = True
            self.server.peer.close()

    def _take_answer(self, message: dict[str, Any]) -> None:
        if "method" not in message and self._protocol.settle(message):
            return
        if "method" not in message and ("result" in message or "error" in message):
            logger.info("an answer came that nobody waits for")
            return
        msg_id = message.get("id")
        known = msg_id if type(msg_id) in (str, int) else None
        self._refuse(known, JsonRpcInvalidRequest("a message has a method, or an id and a result"))

    def _answer(self, msg_id: str | int | None, result: Any) -> None:
        if msg_id is None:
            return
        if type(result) is Refusal:
            self._refuse(msg_id, result)
        else:
            self._outbox.put({"jsonrpc": "2.0", "id": msg_id, "result": result})

    def _refuse(self, msg_id: str | int | None, error: Exception | Refusal) -> None:
        self._outbox.put({"jsonrpc": "2.0", "id": msg_id, "error": fault(error)})

    def _fail(self, method: str, msg_id: str | int | None, error: Exception) -> None:
        if not expected(error):
            logger.error("%s failed", method, exc_info=error)
        elif msg_id is None:
            unknown = isinstance(error, JsonRpcMethodNotFound)
            logger.log(logging.INFO if unknown else logging.WARNING, "dropped %s: %s", method, error)
        if msg_id is not None:
            self._refuse(msg_id, error)

    def _finish_later(self, method: str, msg_id: str | int | None, work: Coroutine[Any, Any, Any]) -> None:
        call = _Call(work)
        key = call if msg_id is None else msg_id
        self._calls[key] = call
        self.server.peer.spawn(self._finish(method, msg_id, call, key))

    async def _finish(self, method: str, msg_id: str | int | None, call: "_Call", key: object) -> None:
        try:
            self._answer(msg_id, await call.run())
        except asyncio.CancelledError:
            if call.abandoned():
                raise
            if msg_id is not None:
                self._refuse(msg_id, JsonRpcRequestCancelled(f"{method} was cancelled"))
        except Exception as error:  # noqa: BLE001  the same as in _take
            self._fail(method, msg_id, error)
        finally:
            self._calls.pop(key, None)

    def _cancel(self, params: Any) -> None:
        msg_id = params.get("id") if type(params) is dict else None
        call = self._calls.get(msg_id) if type(msg_id) in (str, int) else None
        if call:
            call.cancel()


class _Call:
    """A handler at work, which can be cancelled; also before it has begun."""

    __slots__ = ("_cancelled", "_task", "_work")

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False

    async def run(self) -> Any:
        if self._cancelled:
            raise asyncio.CancelledError
        self._task = asyncio.current_task()
        return await self._work

    def cancel(self) -> None:
        self._cancelled = True
        if self._task:
            self._task.cancel()
        else:
            self._work.close()

    def abandoned(self) -> bool:
        """Whether it was cancelled from above: the connection ends, so nobody wants an answer."""
        return not self._cancelled and self._task is not None and self._task.cancelling() > 0


def _params(method: str, message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params")
    if type(params) is dict:
        return params
    if params is None:
        return {}
    raise Misuse(Code.BAD_REQUEST, f"{method}: params must be an object")
