"""What was asked with a key, and what came of it."""

from lsp_orch.domain.keys import Known, Request
from lsp_orch.store.connection import Connection


class KeyTable:
    """One row for each request that came with a key and was done."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, request: Request, answer: tuple[str, ...], now: float) -> None:
        """Note that it was done, to these tasks."""
        self._db.run(
            "request_key.insert",
            scope=request.scope,
            key=request.key,
            method=request.method,
            digest=request.digest,
            answer=" ".join(answer),
            at=now,
        )

    def known(self, scope: str, key: str) -> Known | None:
        """What was done with that key."""
        row = self._db.one("request_key.known", scope=scope, key=key)
        return None if row is None else Known(method=row[0], digest=row[1], answer=tuple(row[2].split()))

    def forget(self, until: float) -> None:
        """Forget what was asked until then (seconds since the epoch)."""
        self._db.run("request_key.forget", until=until)
