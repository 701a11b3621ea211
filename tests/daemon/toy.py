"""A small application under the real daemon: ``python -m tests.daemon.toy [--idle=S] [--crash]``."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from lsp_orch.daemon import lifecycle, run
from lsp_orch.domain.settings import Settings
from lsp_orch.endpoints.framing import frame
from lsp_orch.endpoints.wire import Peer, Role


class Toy:
    """An ``App`` whose work is a counter that clients turn."""

    def __init__(self, idle_s: float) -> None:
        self.settings = Settings(daemon_idle_exit_s=idle_s)
        self.released = asyncio.Event()
        self.crashed = asyncio.Event()
        self.work = 0

    @property
    def roles(self) -> Mapping[str, Callable[[Peer], Role]]:
        return {
            "cli": lambda peer: Talker(self, peer),
            "editor": lambda peer: Talker(self, peer),
            "hook": Judge,
        }

    def busy(self) -> bool:
        return self.work > 0

    async def run(self) -> None:
        await self.crashed.wait()
        raise RuntimeError("seeded in run")

    async def drain(self) -> None:
        sys.stderr.write("toy: drained\n")

    def close(self) -> None:
        sys.stderr.write("toy: closed\n")


class Talker:
    """Does what a message's method says; a method it does not know is sent back as it came."""

    def __init__(self, app: Toy, peer: Peer) -> None:
        self._app = app
        self._peer = peer

    def receive(self, body: bytes) -> None:
        message = json.loads(body) if len(body) < 1000 else {}
        act = getattr(self, "do_" + str(message.get("method")), None)
        if act is None:
            self._peer.write(frame(body))
        else:
            act(message)

    def lost(self, *, clean: bool) -> None:
        sys.stderr.write(f"toy: lost clean={clean}\n")

    def do_who(self, message: dict[str, Any]) -> None:
        hello = self._peer.hello
        self._answer(message, {"daemon": os.getpid(), "role": hello.role, "cwd": hello.cwd})

    def do_refuse(self, message: dict[str, Any]) -> None:
        error = {"code": -32000, "message": "held by Ada", "data": {"code": "lease-held", "hint": "wait"}}
        self._peer.send({"id": message["id"], "error": error})

    def do_news(self, message: dict[str, Any]) -> None:
        for each in (1, 2):
            self._peer.send({"method": "news", "params": each})
        self._answer(message, "told")

    def do_exit(self, _: dict[str, Any]) -> None:
        self._peer.close()

    def do_work(self, message: dict[str, Any]) -> None:
        self._app.work += message["params"]
        self._answer(message, self._app.work)

    def do_raise(self, _: dict[str, Any]) -> None:
        raise RuntimeError("seeded in receive")

    def do_fail(self, message: dict[str, Any]) -> None:
        async def fail() -> None:
            self._answer(message, "about to fail")
            raise RuntimeError("seeded in a handler")

        self._peer.spawn(fail())

    def do_hold(self, message: dict[str, Any]) -> None:
        async def hold() -> None:
            self._peer.send({"method": "held"})
            try:
                await self._app.released.wait()
            except asyncio.CancelledError:
                sys.stderr.write("toy: cancelled\n")
                raise
            self._answer(message, "released")

        self._peer.spawn(hold())

    def do_release(self, message: dict[str, Any]) -> None:
        self._app.released.set()
        self._answer(message, None)

    def do_crash(self, message: dict[str, Any]) -> None:
        self._app.crashed.set()
        self._answer(message, None)

    def do_flood(self, message: dict[str, Any]) -> None:
        for _ in range(message["params"]):
            self._peer.write(frame(b"x" * 1_000_000))

    def _answer(self, message: dict[str, Any], result: Any) -> None:
        self._peer.send({"id": message["id"], "result": result})


class Judge:
    """A hook's role: the event says how it is to be judged."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def receive(self, body: bytes) -> None:
        event = json.loads(body)
        hello = self._peer.hello
        words = event.get("say", f"{hello.role} {hello.pid} {hello.mode} {hello.cwd}").encode()
        if event.get("wait"):
            self._peer.spawn(_never())
        elif event.get("die") and "--fragile" in sys.argv:
            os.abort()
        elif "exit" in event:
            self._peer.write(frame(words, b"Exit-Code: %d\r\n" % event["exit"]))
        else:
            self._peer.write(frame(words))

    def lost(self, *, clean: bool) -> None:
        pass


async def _never() -> None:
    await asyncio.Event().wait()


async def build() -> Toy:
    if "--crash" in sys.argv:
        raise RuntimeError("seeded in build")
    if "--stuck" in sys.argv:
        sys.stderr.write("toy: stuck\n")
        await asyncio.Event().wait()
    lifecycle.FINISH_S = number("finish", lifecycle.FINISH_S)
    return Toy(number("idle", 600.0))


def number(name: str, default: float) -> float:
    """The value of ``--name=VALUE``."""
    given = [each.partition("=")[2] for each in sys.argv if each.startswith(f"--{name}=")]
    return float(given[0]) if given else default


def main() -> None:
    run._PREDECESSOR_S = number("predecessor", run._PREDECESSOR_S)
    run.main(build)


if __name__ == "__main__":
    main()
