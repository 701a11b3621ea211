"""What happens to leases, as ``lsp-orch lease watch`` tells it."""

import json
import queue
import subprocess
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.fixtures.daemon import Instance

Event = dict[str, Any]

_SOON_S = 20.0


class Watch:
    """A watch that has begun: nothing that happens from now on is missed. A context manager."""

    def __init__(self, instance: Instance) -> None:
        self.seen: list[Event] = []
        self._arrived: queue.Queue[Event | None] = queue.Queue()
        self._process = subprocess.Popen(
            instance.command("lease", "watch"),
            cwd=instance.workspace,
            env=instance.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr
        assert "watching" in self._process.stderr.readline()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._reader.join()
        with self._process:
            self._process.wait()

    def wait_for(self, kind: str, wanted: Callable[[Event], bool] = lambda _: True) -> Event:
        """The next event of a kind that is wanted; those before it are in ``seen``, as it is.

        Raises:
            EOFError: the daemon left first.
            queue.Empty: it did not come.
        """
        while True:
            event = self._arrived.get(timeout=_SOON_S)
            if event is None:
                raise EOFError(f"the watch has ended; it saw: {self.seen}")
            self.seen.append(event)
            if event["event"] == kind and wanted(event):
                return event

    def story(self) -> list[str]:
        """What was seen so far, in few words: ``changed saved``, ``ended closed``, ``granted``."""
        return [_told(event) for event in self.seen]

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._arrived.put(json.loads(line))
        self._arrived.put(None)


def _told(event: Event) -> str:
    kind: str = event["event"]
    match kind:
        case "changed":
            return f"changed {event['lease']['state']}"
        case "ended" | "gone":
            return f"{kind} {event['why']}"
        case _:
            return kind
