"""What a table needs of an engine."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = str | int | float | None
Row: TypeAlias = Sequence[Any]


class Connection(Protocol):
    """An engine: runs a named query with named parameters.

    ``:daemon`` is its own to fill in: who asks, among the daemons that share the store.
    """

    def all(self, query: str, /, **parameters: Value) -> list[Row]:
        """Every row."""

    def one(self, query: str, /, **parameters: Value) -> Row | None:
        """The first row, if there is any."""

    def run(self, query: str, /, **parameters: Value) -> int:
        """Change something; the number of rows changed."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what was changed inside when an exception leaves it."""
