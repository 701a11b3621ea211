"""A tiny editor over a byte stream: speaks LSP and remembers all that the server says, from the start."""

import json
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

Message = dict[str, Any]


class Refused(Exception):
    """An error answer; ``error`` has ``code``, ``message`` and perhaps ``data``."""

    def __init__(self, error: Message) -> None:
        super().__init__(error["message"])
        self.error = error


def read_message(stream: IO[bytes]) -> Message | None:
    """One framed message, or None at the stream's end, wherever that falls."""
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = stream.read(length)
    return json.loads(body) if length and len(body) == length else None


def write_message(stream: IO[bytes], message: Message) -> None:
    """Send one message, framed."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    stream.flush()


class Editor:
    """One connection. Requests of the server are answered with ``answers[method]``, or null."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes], *, timeout_s: float = 10.0) -> None:
        self.answers: dict[str, Any] = {}
        self.timeout_s = timeout_s
        self._writer = writer
        self._writing = threading.Lock()
        self._said: list[Message] = []
        self._answered: dict[int, Message] = {}
        self._ended = False
        self._arrived = threading.Condition()
        self._asked = 0
        self._versions: dict[str, int] = {}
        self._reader = threading.Thread(target=self._read, args=(reader,))
        self._reader.start()

    # The conversation

    def initialize(self, root: Path, name: str = "Editor", **capabilities: Any) -> Message:
        """Shake hands; return what the server offers."""
        folder = {"uri": root.as_uri(), "name": root.name}
        params = {
            "processId": None,
            "clientInfo": {"name": name},
            "rootUri": root.as_uri(),
            "workspaceFolders": [folder],
            "capabilities": capabilities,
        }
        offers: Message = self.request("initialize", params)
        self.notify("initialized", {})
        return offers

    def open(self, path: Path, text: str) -> None:
        """Show a file."""
        self._versions[path.as_uri()] = 1
        document = {"uri": path.as_uri(), "languageId": "plaintext", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, path: Path, text: str) -> None:
        """Replace an open file's text."""
        version = self._versions[path.as_uri()] = self._versions[path.as_uri()] + 1
        document = {"uri": path.as_uri(), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def save(self, path: Path) -> None:
        """Tell that an open file was written; writing it is the caller's part."""
        self.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})

    def close(self, path: Path) -> None:
        """Put an open file away."""
        self.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def goodbye(self) -> None:
        """Shut down and exit, as a closed window does."""
        self.request("shutdown")
        self.notify("exit")

    # The wire

    def request(self, method: str, params: Any = None) -> Any:
        """Ask and return the result.

        Raises:
            Refused: the server answered with an error.
            TimeoutError, EOFError: it did not answer.
        """
        self._asked += 1
        number = self._asked
        self._write({"id": number, "method": method, "params": params})
        answer = self._await(lambda: self._answered.pop(number, None))
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def notify(self, method: str, params: Any = None) -> None:
        """Tell."""
        self._write({"method": method, "params": params})

    def mark(self) -> int:
        """Now, as a place in what the server has said: give it to a wait as ``since``."""
        with self._arrived:
            return len(self._said)

    def wait_told(self, method: str, wanted: Callable[[Any], bool] = lambda _: True, since: int = 0) -> Any:
        """The params (None without) of the first notification or request of ``method`` that is wanted."""
        message = self.wait_for(lambda each: each["method"] == method and wanted(each.get("params")), since)
        return message.get("params")

    def wait_for(self, wanted: Callable[[Message], bool], since: int = 0) -> Message:
        """The first notification or request that is wanted, already here or still to come.

        Raises:
            TimeoutError: none came; the text tells what did.
            EOFError: the stream ended first.
        """
        return self._await(lambda: next(filter(wanted, self._said[since:]), None))

    def join(self) -> None:
        """Wait until the server has closed the stream."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self._ended, self.timeout_s):
                raise TimeoutError("the server keeps the stream open")
        self._reader.join()

    def _await(self, find: Callable[[], Message | None]) -> Message:
        with self._arrived:
            found = self._arrived.wait_for(lambda: find() or self._ended, self.timeout_s)
            if isinstance(found, dict):
                return found
            why = EOFError if self._ended else TimeoutError
            raise why(f"the server said only: {self._said}")

    def _write(self, message: Message) -> None:
        with self._writing:
            write_message(self._writer, message)

    def _read(self, reader: IO[bytes]) -> None:
        with suppress(ConnectionError):  # a killed server is an end like any other
            while message := read_message(reader):
                self._take(message)
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()

    def _take(self, message: Message) -> None:
        with self._arrived:
            if "method" in message:
                self._said.append(message)
            else:
                self._answered[message["id"]] = message
            self._arrived.notify_all()
        if "id" in message and "method" in message:
            self._write({"id": message["id"], "result": self.answers.get(message["method"])})


class EditorProcess(Editor):
    """An editor whose server is a program on stdio; a context manager that leaves nothing behind."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout_s: float = 10.0
    ) -> None:
        self.process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._input, output = cast("IO[bytes]", self.process.stdin), cast("IO[bytes]", self.process.stdout)
        super().__init__(output, self._input, timeout_s=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End the program without a goodbye; nothing if it is gone."""
        self.process.kill()
        self.join()
        with suppress(BrokenPipeError):  # what was never sent needs no sending now
            self._input.close()
        with self.process:
            self.process.wait()
