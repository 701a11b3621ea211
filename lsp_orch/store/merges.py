"""The queue of merges as rows."""

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.merging import MergeRequest, State
from lsp_orch.store.connection import Connection, Row, Value

_COLUMNS = ("place", "batch", "task_id", "key", "state", "merged", "asked_at", "ended_at")


class MergeTable:
    """Each daemon merges what it was asked for, one at a time: an index lets no second one begin."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, request: MergeRequest) -> int:
        """Queue one; its place. A task is queued once at a time."""
        columns = _values(request)
        del columns["place"]
        [row] = self._db.all("merge.insert", **columns)
        return int(row[0])

    def update(self, was: MergeRequest, request: MergeRequest) -> bool:
        """Store how it goes on, unless it has left the state that ``was`` shows."""
        return bool(self._db.run("merge.update", was_state=was.state, **_values(request)))

    def open(self) -> list[MergeRequest]:
        """Those of this daemon that have come to no end, in the order of the queue."""
        return [_request(row) for row in self._db.all("merge.open")]

    def by_place(self, place: int) -> MergeRequest | None:
        """The one at that place."""
        row = self._db.one("merge.by_place", place=place)
        return None if row is None else _request(row)

    def drop(self, batch: int) -> None:
        """Take those of a batch out of the queue that have not begun."""
        self._db.run("merge.drop", batch=batch)


def _request(row: Row) -> MergeRequest:
    *plain, code, message, hint = row
    values = dict(zip(_COLUMNS, plain, strict=True))
    refused = Refusal(code=Code(code), message=message, hint=hint) if code else None
    return MergeRequest(**values | {"state": State(values["state"]), "refused": refused})


def _values(request: MergeRequest) -> dict[str, Value]:
    refused = request.refused
    return {name: getattr(request, name) for name in _COLUMNS} | {
        "code": refused.code if refused else "",
        "message": refused.message if refused else "",
        "hint": refused.hint if refused else "",
    }
