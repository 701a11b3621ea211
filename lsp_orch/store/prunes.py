"""What may be pruned, without the prompts."""

from lsp_orch.domain.prune import Candidate
from lsp_orch.domain.task import State
from lsp_orch.store.chains import ChainTable
from lsp_orch.store.connection import Connection, Row


class PruneTable:
    """Tasks that are not at work, as the rules of pruning see them."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def candidates(self, task_id: str = "") -> list[Candidate]:
        """All that this daemon has, oldest first; or the one of that id, if it is one."""
        rows = self._db.all("prune.candidates", id=task_id)
        return [_candidate(row, ChainTable(self._db)) for row in rows]


def _candidate(row: Row, chains: ChainTable) -> Candidate:
    name, state, priority, workspace, tip, *times, superseded_by, awaited = row
    return Candidate(
        id=name,
        state=State(state),
        priority=priority,
        workspace=workspace,
        tip=tip,
        touched=max(time for time in times if time is not None),
        superseded_by=superseded_by,
        awaited=bool(awaited),
        stuck=state == State.PENDING and not awaited and chains.stuck(name),
    )
