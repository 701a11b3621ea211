"""What was spent and is reserved, and what people were told of it."""

from lsp_orch.domain.money import Cap, Notice
from lsp_orch.store.connection import Connection


class MoneyTable:
    """Each daemon has its own: its caps are its person's. Triggers add up what has ended, day by day."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def spent(self, day: float) -> float:
        """What ended on the day of UTC that began then has cost."""
        row = self._db.one("money.spent", day=day)
        return 0.0 if row is None else float(row[0])

    def days(self, since: float) -> dict[float, float]:
        """The same of each day that began since then and has cost anything."""
        return {float(day): float(usd) for day, usd in self._db.all("money.spent_since", since=since)}

    def reserved(self) -> float:
        """What all open attempts may cost."""
        [row] = self._db.all("money.reserved")
        return float(row[0])

    def planners(self) -> int:
        """How many plans are being made."""
        [row] = self._db.all("money.planners")
        return int(row[0])

    def chain(self, task_id: str) -> tuple[float, float]:
        """What a task and all that it is chained to have spent, and what they have reserved."""
        [row] = self._db.all("money.chain", id=task_id)
        return float(row[0]), float(row[1])

    def tell(self, notice: Notice) -> bool:
        """Keep what is told of a cap; whether it was not yet, of the same day or task."""
        return bool(
            self._db.run(
                "money.tell",
                cap=notice.cap,
                about=notice.about,
                words=notice.words,
                told_at=notice.told_at,
                until=notice.until,
            )
        )

    def notices(self, since: float) -> list[Notice]:
        """What was told since then, oldest first."""
        return [
            Notice(cap=Cap(cap), about=about, words=words, told_at=told_at, until=until)
            for cap, about, words, told_at, until in self._db.all("money.notices", since=since)
        ]
