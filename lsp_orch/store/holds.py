"""Providers that have said no, as rows."""

from dataclasses import asdict

from lsp_orch.domain.fault import Kind
from lsp_orch.domain.hold import ProviderHold
from lsp_orch.store.connection import Connection


class HoldTable:
    """One row for each scope that is held. Each daemon sees its own: others may ask as somebody else."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def keep(self, hold: ProviderHold) -> None:
        """Begin one, or store how it goes on."""
        self._db.run("provider_hold.keep", **asdict(hold))

    def end(self, scope: str) -> None:
        """It holds nobody any more."""
        self._db.run("provider_hold.end", scope=scope)

    def all(self) -> list[ProviderHold]:
        """Every one that holds somebody, the oldest first."""
        return [
            ProviderHold(
                scope=row[0],
                until=row[1],
                kind=Kind(row[2]),
                said=row[3],
                since=row[4],
                tries=row[5],
                probe=row[6],
            )
            for row in self._db.all("provider_hold.all")
        ]
