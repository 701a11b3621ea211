"""Requests that come with a key are done once, and answered as often as they come."""

from collections.abc import Callable

from lsp_orch.domain.errors import Refusal
from lsp_orch.domain.keys import KEPT_S, Request, differs
from lsp_orch.domain.task import Task
from lsp_orch.services.ports import Clock
from lsp_orch.store.base import Tx


class Keys:
    """Each method is one step inside the caller's transaction: a key is kept with what it changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def once(self, tx: Tx, asked: Request, work: Callable[[], list[Task] | Refusal]) -> list[Task] | Refusal:
        """Do it, unless it was done before: then answer with the same tasks as they stand now.

        Refused as key-reused when the key has stood for something else; what was refused was not done.
        """
        known = self.known(tx, asked)
        if known is not None:
            return known
        done = work()
        if asked.key and not isinstance(done, Refusal):
            tx.keys.insert(asked, tuple(task.id for task in done), self._clock.now())
        return done

    def known(self, tx: Tx, asked: Request) -> list[Task] | Refusal | None:
        """What a request with that key has come to already, if there was any."""
        if not asked.key:
            return None
        tx.keys.forget(self._clock.now() - KEPT_S)
        known = tx.keys.known(asked.scope, asked.key)
        if known is None:
            return None
        return differs(asked, known) or [task for each in known.answer if (task := tx.tasks.by_id(each))]
