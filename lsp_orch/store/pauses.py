"""Pauses of the dispatcher, as rows."""

from dataclasses import asdict

from lsp_orch.domain.pause import Pause
from lsp_orch.store.connection import Connection


class PauseTable:
    """One row for each workspace that is paused. Each daemon sees its own: its tasks are on its machine."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def keep(self, pause: Pause) -> None:
        """Begin one, or say anew why."""
        self._db.run("pause.keep", **asdict(pause))

    def end(self, workspace: str) -> bool:
        """Whether there was one."""
        return bool(self._db.run("pause.end", workspace=workspace))

    def all(self) -> list[Pause]:
        """Every one, that of everything first."""
        return [
            Pause(workspace=workspace, why=why, by=by, at=at)
            for workspace, why, by, at in self._db.all("pause.all")
        ]
