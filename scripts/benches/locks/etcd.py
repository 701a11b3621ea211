"""A lock on etcd: a lease, a transaction that puts the key unless it is there, and the lease revoked."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from turns import Sampler

from locks import install
from locks.servers import answers, free_port, server

NAME = "etcd, lease and transaction"
_KEY = base64.b64encode(b"lock").decode()
_VALUE = base64.b64encode(b"token").decode()


class Etcd:
    """A client of its JSON gateway, over one connection that stays open."""

    def __init__(self, port: int) -> None:
        self._http = HTTPConnection("127.0.0.1", port)

    def sample(self, times: int) -> list[float]:
        """Time that many pairs of acquire and release."""
        return [self._pair() for _ in range(times)]

    def _pair(self) -> float:
        begin = time.perf_counter()
        lease = self._post("lease/grant", {"TTL": 120})["ID"]
        free = {"key": _KEY, "target": "VERSION", "result": "EQUAL", "version": 0}
        put = {"requestPut": {"key": _KEY, "value": _VALUE, "lease": lease}}
        if not self._post("kv/txn", {"compare": [free], "success": [put]}).get("succeeded"):
            raise RuntimeError("a free lock was not given")
        self._post("lease/revoke", {"ID": lease})
        return time.perf_counter() - begin

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        self._http.request("POST", f"/v3/{path}", json.dumps(body))
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise RuntimeError(text.decode())
        return json.loads(text)


@contextmanager
def serving(folder: Path) -> Iterator[Sampler]:
    """Run one node, with the flushes that it always does."""
    install.program("etcd", "etcd-server")
    client, peer = free_port(), free_port()
    ours, theirs = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    options = {
        "--data-dir": str(folder),
        "--listen-client-urls": ours,
        "--advertise-client-urls": ours,
        "--listen-peer-urls": theirs,
        "--initial-advertise-peer-urls": theirs,
        "--initial-cluster": f"default={theirs}",
        "--log-level": "error",
    }
    command = ["etcd", *(word for option in options.items() for word in option)]
    with server(command, answers(client)):
        yield Etcd(client).sample
