"""pygls, hardened for one process that serves many editors for weeks; nothing else touches its insides."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from inspect import iscoroutinefunction
from types import CoroutineType, GeneratorType
from typing import Any, NoReturn, TypeVar
from uuid import uuid4

from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.lsp.server import LanguageServer
from pygls.progress import Progress
from pygls.protocol import LanguageServerProtocol, lsp_method

from lsp_orch import __version__
from lsp_orch.domain.errors import Code, Misuse, Unavailable
from lsp_orch.endpoints.lsp import shared
from lsp_orch.endpoints.lsp.outbox import Outbox
from lsp_orch.endpoints.lsp.tolerance import read
from lsp_orch.endpoints.wire import Peer

F = TypeVar("F", bound=Callable[..., Any])

Handler = Callable[[dict[str, Any]], Any]
"""Takes the params as they came; answers JSON or an LSP type, or is ``async def`` and does so later."""

logging.getLogger("pygls").setLevel(logging.WARNING)  # at INFO it logs every payload


class EditorServer(LanguageServer):
    """One editor's language server: its documents, capabilities and handlers.

    ``methods`` maps each custom method to its handler, which gets the params as plain JSON.
    ``offer`` may fill in those capabilities that pygls computes nothing for.
    """

    protocol: "EditorProtocol"

    def __init__(self, peer: Peer, *, name: str = "lsp-orch") -> None:
        self.peer = peer
        self.outbox = Outbox(peer, shared.encoder())
        self.methods: dict[str, Handler] = {}
        self.offer: Callable[[types.ServerCapabilities], None] | None = None
        super().__init__(
            name,
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=EditorProtocol,
            converter_factory=shared.converter,
        )

    async def ask(self, method: str, params: Any, *, timeout_s: float) -> Any:
        """Ask the editor and return its answer in LSP's types.

        Raises Unavailable when it refuses, leaves, or says nothing for ``timeout_s`` seconds.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self.protocol.send_request_async(method, params)
        except TimeoutError:
            raise _no_answer(f"the editor did not answer {method} within {timeout_s:g} s") from None
        except JsonRpcException as error:
            raise _no_answer(f"the editor refused {method}: {error}") from error

    def push(self, method: str, params: Any, *, about: str = "") -> None:
        """Notify of state: a slow editor gets only the newest of each ``method`` and ``about``."""
        self.outbox.put_state((method, about), _notification(method, params))

    def feature(self, feature_name: str, options: Any | None = None) -> Callable[[F], F]:
        """As pygls', and for bound methods too, which cannot carry the marks that pygls makes."""
        return _through_partial(super().feature(feature_name, options))

    def command(self, command_name: str) -> Callable[[F], F]:
        """As ``feature``; each argument needs an annotation, which the editor's value is read as."""
        return _through_partial(super().command(command_name))

    def thread(self) -> NoReturn:
        """Refuse what pygls would run in a thread that then writes to the connection."""
        raise Misuse(
            Code.INTERNAL,
            "a thread may not write to a connection",
            "make the handler async and await asyncio.to_thread",
        )

    @property
    def thread_pool(self) -> ThreadPoolExecutor:
        """The one pool of all editors."""
        return shared.pool()


class EditorProtocol(LanguageServerProtocol):
    """LSP's own methods, dispatched without pygls' futures: what has ended leaves nothing behind."""

    _server: EditorServer

    def __init__(self, server: EditorServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.progress = _Progress(self)
        self._gone = False

    @property
    def said_goodbye(self) -> bool:
        """Whether the editor has sent ``shutdown``."""
        return self._shutdown

    def begin(self, method: str, params: Any) -> Any:
        """Start the handler of a standard method: its result, or a coroutine of it.

        Raises JsonRpcException for what the editor did wrong, and whatever the handler raises.
        """
        self._admit(method)
        return self._advance(self._get_handler(method)(self._read_params(method, params)))

    def settle(self, message: dict[str, Any]) -> bool:
        """Hand an answer to whoever asked; False when nobody waits for it."""
        msg_id = message.get("id")
        # the table holds our questions only: an editor's own ids cannot collide with ours
        if not isinstance(msg_id, str) or msg_id not in self._request_futures:
            return False
        future = self._request_futures[msg_id]
        try:
            future.set_result(self._read_result(message, self._result_types[msg_id]))
        except JsonRpcException as error:
            future.set_exception(error)
        return True

    def abandon(self) -> None:
        """The editor has left: fail what it was asked, let go of what was begun for it."""
        self._gone = True
        self._fail_asked()
        for cancelled in self.progress.tokens.values():
            cancelled.cancel()
        self.progress.tokens.clear()
        self._server.outbox.close()

    def notify(self, method: str, params: Any | None = None) -> None:
        """Send a notification; of diagnostics a slow editor gets only the newest of each document."""
        if isinstance(params, types.PublishDiagnosticsParams):
            self._server.push(method, params, about=params.uri)
        else:
            self._server.outbox.put(_notification(method, params))

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: str | int | None = None,
    ) -> Future[Any]:
        """Ask the editor; cancelling the future takes the question back. The id is always ours."""
        if msg_id is not None:
            raise Misuse(Code.INTERNAL, "a request to an editor chooses its own id")
        key = str(uuid4())
        future: Future[Any] = Future()
        if self._gone or self._shutdown:
            future.set_exception(_no_answer("the editor has left"))
            return future
        self._request_futures[key] = future
        self._result_types[key] = self.get_result_type(method)
        future.add_done_callback(partial(self._forget, key))
        if callback:
            future.add_done_callback(partial(_call_with_result, callback))
        self._server.outbox.put({**_notification(method, params), "id": key})
        return future

    # pygls caches these two for ever, and with them each protocol object that asked

    def get_message_type(  # type: ignore[override]  # a plain method, for a cached one
        self, method: str
    ) -> type[Any] | None:
        """Name the type of a message."""
        return types.METHOD_TO_TYPES.get(method, (None, None))[0]

    def get_result_type(  # type: ignore[override]  # a plain method, for a cached one
        self, method: str
    ) -> type[Any] | None:
        """Name the type of an answer."""
        return types.METHOD_TO_TYPES.get(method, (None, None))[1]

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Add what pygls does not offer by itself."""
        result = yield from super().lsp_initialize(params)
        if self._server.offer:
            self._server.offer(result.capabilities)
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """Remember the goodbye; nobody will answer us any more."""
        if handler := self.fm.features.get(types.SHUTDOWN):
            yield handler, args, None
        self._shutdown = True
        self._fail_asked()

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Generator[Any, Any, None]:
        """Only tell whoever listens; the role ends this connection, where pygls would end the process."""
        if handler := self.fm.features.get(types.EXIT):
            yield handler, args, None

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Generator[Any, Any, Any]:
        """Count the arguments also where there are none, so that a missing one is the editor's error."""
        params.arguments = params.arguments or ()
        return (yield from super().lsp_workspace__execute_command(params))

    def _admit(self, method: str) -> None:
        if method == types.EXIT:
            return
        if self._shutdown:
            raise JsonRpcInvalidRequest(f"{method} after shutdown: only exit may follow")
        if method == types.INITIALIZE:
            if self._workspace is not None:
                raise JsonRpcInvalidRequest("this connection is initialized already")
        elif self._workspace is None:
            raise JsonRpcServerNotInitialized(f"{method} before initialize")

    def _advance(self, outcome: Any, value: Any = None) -> Any:
        """Run a generator handler, whose steps are other handlers, until it ends or a step is async."""
        if type(outcome) is not GeneratorType:
            return outcome
        while True:
            try:
                handler, args, kwargs = outcome.send(value)
            except StopIteration as end:
                return end.value
            step = partial(handler, *args, **(kwargs or {}))
            if iscoroutinefunction(handler):
                return self._advance_later(outcome, step)
            value = step()

    async def _advance_later(self, outcome: Any, step: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        rest = self._advance(outcome, await step())
        return await rest if type(rest) is CoroutineType else rest

    def _read_params(self, method: str, params: Any) -> Any:
        shape = types.METHOD_TO_TYPES.get(method, (None, None, None))[2]
        if shape is None:
            return params
        try:
            return read(self._converter, {} if params is None else params, shape)
        except Exception as error:
            raise JsonRpcInvalidParams(f"{method}: {error}") from error

    def _read_result(self, message: dict[str, Any], shape: type[Any] | None) -> Any:
        if (error := message.get("error")) is not None:
            said: dict[str, Any] = error if isinstance(error, dict) else {"message": str(error)}
            raise JsonRpcException(message=said.get("message"), code=said.get("code"))
        if shape is None:
            return message.get("result")
        try:
            return read(self._converter, {"jsonrpc": "2.0", "result": None, **message}, shape).result
        except Exception as error:
            raise JsonRpcInvalidParams(f"an answer that makes no sense: {error}") from error

    def _forget(self, key: str, future: Future[Any]) -> None:
        del self._request_futures[key], self._result_types[key]
        if future.cancelled() and not self._gone:
            self.notify(types.CANCEL_REQUEST, types.CancelParams(id=key))

    def _fail_asked(self) -> None:
        for future in list(self._request_futures.values()):
            future.set_exception(_no_answer("the editor left before it answered"))


class _Progress(Progress):
    """pygls' progress, which forgets a token at its end so that it can be used again."""

    def end(self, token: types.ProgressToken, value: types.WorkDoneProgressEnd) -> None:
        super().end(token, value)
        self.tokens.pop(token, None)


def _through_partial(register: Callable[[Callable[..., Any]], Any]) -> Callable[[F], F]:
    def decorator(handler: F) -> F:
        register(partial(handler))
        return handler

    return decorator


def _notification(method: str, params: Any) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


def _no_answer(message: str) -> Unavailable:
    return Unavailable(Code.EDITOR_SILENT, message)


def _call_with_result(callback: Callable[[Any], None], future: Future[Any]) -> None:
    if not future.cancelled() and future.exception() is None:
        callback(future.result())
