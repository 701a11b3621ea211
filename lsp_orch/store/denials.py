"""Calls that nobody had given a run leave for, as rows."""

from collections.abc import Iterable

from lsp_orch.store.connection import Connection


class DenialTable:
    """What each run was not let do."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, run: int, calls: Iterable[str]) -> None:
        """Note a run's, once it has ended."""
        for place, call in enumerate(calls):
            self._db.run("denial.insert", run=run, place=place, call=call)

    def of_run(self, run: int) -> list[str]:
        """All of one run, in their order."""
        return [row[0] for row in self._db.all("denial.of_run", run=run)]
