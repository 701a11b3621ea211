"""Forecasts as rows."""

import json
from dataclasses import asdict

from lsp_orch.domain.forecast import Forecast
from lsp_orch.store.connection import Connection


class ForecastTable:
    """One row for each two that would collide."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def keep(self, forecast: Forecast) -> None:
        """Note one, in place of an earlier one."""
        self._db.run("forecast.keep", **asdict(forecast) | {"paths": json.dumps(forecast.paths)})

    def forget(self, task_id: str) -> None:
        """Nothing is known of this task any more."""
        self._db.run("forecast.forget", task_id=task_id)

    def of_task(self, task_id: str) -> list[Forecast]:
        """All that are about a task, whichever side it is."""
        return [
            Forecast(task_id=row[0], other=row[1], paths=tuple(json.loads(row[2])), at=row[3])
            for row in self._db.all("forecast.of_task", task_id=task_id)
        ]
