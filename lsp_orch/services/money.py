"""Caps of money: who may begin, and what people are told when nobody may."""

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.events import MoneyShort
from lsp_orch.domain.money import Purse, Short, day, notice, short
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.starting import Hold, Rule, Scene
from lsp_orch.domain.task import State, Task
from lsp_orch.store.base import Tx


class Money:
    """Looks into the store at each question: what was spent by whichever run is there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def rule(self, tx: Tx) -> Rule:
        """The rule by which a task waits that the caps do not allow."""

        def allowed(task: Task, scene: Scene) -> Hold | None:
            if task.state is State.PARKED:
                return None  # it has reserved what it may cost
            found = short(task.max_usd, self.day(tx, scene.now), self._chain(tx, task), scene.now)
            if found is None:
                return None
            if found.over:
                self._tell(tx, found, task.id, scene.now)
            return Hold(reason=found.reason, until=found.until, everyone=found.all)

        return allowed

    def planner(self, tx: Tx, now: float) -> Refusal | None:
        """What is against asking the model for a plan."""
        found = short(self._settings.plan_max_usd, self.day(tx, now), Purse(cap_usd=0), now)
        if found is None:
            return None
        hint = "raise tasks.day_usd, or plan.max_usd lower, or ask again tomorrow"
        return Refusal(code=Code.DAY_CAP, message=f"no plan is made: {found.reason}", hint=hint)

    def day(self, tx: Tx, now: float) -> Purse:
        """What the day of UTC still has."""
        cap_usd = self._settings.tasks_day_usd
        if not cap_usd:
            return Purse(cap_usd=0)
        planners = tx.money.planners() * self._settings.plan_max_usd
        return Purse(
            cap_usd=cap_usd,
            spent_usd=tx.money.spent(day(now)),
            reserved_usd=tx.money.reserved() + planners,
        )

    def _chain(self, tx: Tx, task: Task) -> Purse:
        cap_usd = self._settings.tasks_chain_usd
        if not cap_usd:
            return Purse(cap_usd=0)
        spent_usd, reserved_usd = tx.money.chain(task.id)
        return Purse(cap_usd=cap_usd, spent_usd=spent_usd, reserved_usd=reserved_usd)

    @staticmethod
    def _tell(tx: Tx, found: Short, task_id: str, now: float) -> None:
        said = notice(found, task_id, now)
        if tx.money.tell(said):
            tx.announce(MoneyShort(notice=said))
