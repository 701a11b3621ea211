"""Plans: asked for, shown, and filed whole or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import NAMESPACE_OID, uuid5

from lsp_orch.domain import plan as plans
from lsp_orch.domain import plan_estimate, plan_order, planning, shared
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.events import PlanChanged
from lsp_orch.domain.plan import Piece, Vocabulary
from lsp_orch.domain.plan_estimate import TypicalOf
from lsp_orch.domain.planning import Context, Drawn, Plan, Planned, State, Step
from lsp_orch.domain.routing import Work, choose
from lsp_orch.domain.scope import Kind, Scope, touch
from lsp_orch.domain.task import AUTO, Draft, Task
from lsp_orch.domain.template import Shelf, task_prompt, tools
from lsp_orch.services.ports import Clock, Ids, SettingsOf
from lsp_orch.services.tasks import Tasks
from lsp_orch.store.base import Tx

_REMEMBERED = 200  # attempts that an estimate looks back on
MOST_WORKERS = 4  # that an estimate reckons with where nobody has set another number


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What was seen outside of the store before a plan is applied.

    ``changed`` are the paths, relative to the workspace, that are not as they were when it was made.
    """

    shelf: Shelf
    changed: tuple[str, ...] = ()
    conventions: Mapping[str, str] | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A plan with the tasks that were filed for it, in their order."""

    plan: Plan
    tasks: tuple[Task, ...]


class Plans:
    """Each method is one step inside the caller's transaction."""

    def __init__(self, clock: Clock, ids: Ids, tasks: Tasks, settings: SettingsOf) -> None:
        self._clock = clock
        self._ids = ids
        self._tasks = tasks
        self._settings = settings

    def begin(self, tx: Tx, workspace: str, goal: str, pipeline: str, base: str) -> Plan:
        """Note that a model is about to be asked, before it is."""
        plan_id = self._ids.new("plan")
        plan = Plan(
            id=plan_id,
            state=State.PLANNING,
            workspace=workspace,
            goal=goal,
            pipeline=pipeline,
            base=base,
            session_id=str(uuid5(NAMESPACE_OID, plan_id)),  # Claude Code wants a UUID
            made_at=self._clock.now(),
        )
        tx.plans.insert(plan)
        tx.announce(PlanChanged(id=plan.id, state=plan.state))
        return plan

    def started(self, tx: Tx, plan_id: str, pid: int, pid_started: float) -> None:
        """Note the planner's process."""
        plan = tx.plans.by_id(plan_id)
        if plan and plan.state is State.PLANNING:
            _store(tx, plan, replace(plan, pid=pid, pid_started=pid_started))

    def typical(self, tx: Tx, workspace: str) -> TypicalOf:
        """What tasks take, as far as it is known, each with the model that would do it now."""
        settings = self._settings(workspace)

        def model(piece: Piece) -> str:
            if piece.model != AUTO:
                return piece.model
            work = Work(title=piece.title, paths=piece.paths, role=piece.role, stage=piece.stage)
            return choose(work, settings.tasks_routing, settings.tasks_model, escalate=False).model

        return plan_estimate.learned(tx.attempts.done_lately(_REMEMBERED), model)

    def draw(self, said: object, words: Vocabulary, workspace: str, typical: TypicalOf) -> Drawn | Refusal:
        """Make of what the planner said what is shown and filed; refused as a whole where a part is wrong."""
        settings = self._settings(workspace)
        proposal = plans.parse(said, words, settings.plan_max_tasks)
        if isinstance(proposal, Refusal):
            return proposal
        order = plan_order.arrange(proposal.pieces)
        if isinstance(order, Refusal):
            return order
        given = plan_estimate.estimate(order, settings.tasks_workers or MOST_WORKERS, typical)
        return Drawn(
            summary=proposal.summary,
            order=order,
            estimate=given,
            warnings=plan_estimate.warnings(order, given),
        )

    def proposed(self, tx: Tx, plan_id: str, came_to: Drawn | Refusal, cost_usd: float) -> Plan | Refusal:
        """Note what the planner came to; it is over when there is nothing to show."""
        plan = tx.plans.by_id(plan_id)
        if plan is None:
            return not_found(plan_id)
        ended = replace(plan, pid=0, pid_started=0.0, cost_usd=cost_usd, ended_at=self._clock.now())
        if isinstance(came_to, Refusal):
            return self._take(tx, plan, Step.FAIL, replace(ended, error=came_to.message))
        return self._take(tx, plan, Step.PROPOSE, replace(ended, drawn=came_to))

    def apply(self, tx: Tx, plan_id: str, world: World, *, anyway: bool = False) -> Applied | Refusal:
        """File all tasks of a plan as it was shown; a second time it only says which these are.

        Refused as plan-stale when files that it changes are not as they were, unless ``anyway``.
        """
        plan = tx.plans.by_id(plan_id)
        if plan is None:
            return not_found(plan_id)
        if plan.state is State.APPLIED:
            return self._applied(tx, plan)
        applied = planning.advance(plan, Step.APPLY)
        if isinstance(applied, Refusal) or plan.drawn is None:
            return applied if isinstance(applied, Refusal) else not_found(plan_id)
        if not anyway and (moved := _moved(plan.drawn.order.pieces, world.changed)):
            return _stale(plan, moved)
        accepted = self._take(tx, plan, Step.APPLY, replace(plan, decided_at=self._clock.now()))
        if isinstance(accepted, Refusal):
            return accepted
        ids = self._file(tx, accepted, plan.drawn, world.shelf)
        said = shared.files(plan, ids, world.conventions or {}, world.notes)
        tx.plans.share(Context(plan_id=plan.id, files=said))
        return self._applied(tx, accepted)

    def reject(self, tx: Tx, plan_id: str) -> Plan | Refusal:
        """Note that nobody wants it; nothing of it is filed any more."""
        plan = tx.plans.by_id(plan_id)
        if plan is None:
            return not_found(plan_id)
        return self._take(tx, plan, Step.REJECT, replace(plan, decided_at=self._clock.now()))

    def _file(self, tx: Tx, plan: Plan, drawn: Drawn, shelf: Shelf) -> dict[str, str]:
        """Add each task and what it is in the plan; the ids by the names."""
        ids: dict[str, str] = {}
        for piece in drawn.order.pieces:
            parts = shelf.parts(piece.stage, piece.role)
            after = tuple(ids[name] for name in drawn.order.after(piece.name))
            draft = self._draft(plan, piece, after, task_prompt(piece, parts, plan.goal))
            task = self._tasks.add(tx, draft)
            if isinstance(task, Refusal):  # the transaction must not keep the others
                raise Misuse(task.code, task.message, task.hint)
            ids[piece.name] = task.id
            planned = Planned(
                task_id=task.id,
                plan_id=plan.id,
                name=piece.name,
                stage=piece.stage,
                role=piece.role,
                tools=tools(parts),
            )
            tx.plans.file(planned)
        return ids

    def _draft(self, plan: Plan, piece: Piece, after: tuple[str, ...], prompt: str) -> Draft:
        settings = self._settings(plan.workspace)
        return Draft(
            workspace=plan.workspace,
            prompt=prompt,
            title=piece.title,
            paths=piece.paths,
            after=after,
            model=piece.model,
            check=piece.check,
            max_usd=settings.tasks_max_usd,
            max_turns=settings.tasks_max_turns,
            timeout_s=settings.tasks_timeout_s,
            attempts=settings.tasks_attempts,
        )

    @staticmethod
    def _applied(tx: Tx, plan: Plan) -> Applied:
        tasks = (tx.tasks.by_id(each.task_id) for each in tx.plans.tasks(plan.id))
        return Applied(plan=plan, tasks=tuple(task for task in tasks if task))

    @staticmethod
    def _take(tx: Tx, was: Plan, step: Step, plan: Plan) -> Plan | Refusal:
        after = planning.advance(plan, step)
        if not isinstance(after, Refusal):
            _store(tx, was, after)
            tx.announce(PlanChanged(id=after.id, state=after.state))
        return after


def not_found(plan_id: str) -> Refusal:
    """Say that there is no such plan."""
    return Refusal(
        code=Code.PLAN_NOT_FOUND,
        message=f"there is no plan {plan_id}",
        hint="`lsp-orch plan --list` shows those there are",
    )


def _store(tx: Tx, was: Plan, plan: Plan) -> None:
    if not tx.plans.update(was, plan):
        raise Misuse(Code.INTERNAL, f"{plan.id} was changed behind our back")


def _moved(pieces: Iterable[Piece], changed: Iterable[str]) -> list[str]:
    """Which of the changed paths the plan may change as well."""
    covers = [scope for piece in pieces for scope in plan_order.scopes(piece)]
    return [path for path in changed if touch(covers, [Scope(Kind.FILE, f"/{path}")])]


def _stale(plan: Plan, moved: list[str]) -> Refusal:
    more = f" and {len(moved) - 1} more" if len(moved) > 1 else ""
    return Refusal(
        code=Code.PLAN_STALE,
        message=f"{moved[0]}{more}, which {plan.id} changes, is not as it was when the plan was made",
        hint=f"make it anew, or say that it still holds: lsp-orch plan {plan.id} --apply --anyway",
    )
