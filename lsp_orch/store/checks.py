"""How checks went, as rows."""

from dataclasses import asdict

from lsp_orch.domain.check import Check, Stage
from lsp_orch.store.connection import Connection

_COLUMNS = ("run", "stage", "command", "said", "seconds", "at")


class CheckTable:
    """The latest of each run and stage."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def keep(self, check: Check) -> None:
        """Note how one went, in place of an earlier one."""
        self._db.run("check.keep", **asdict(check))

    def of_run(self, run: int) -> list[Check]:
        """All of a run's work, in the order in which they were made."""
        rows = (dict(zip(_COLUMNS, row, strict=True)) for row in self._db.all("check.of_run", run=run))
        return [Check(**row | {"stage": Stage(row["stage"])}) for row in rows]
