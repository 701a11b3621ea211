"""Who is meant to get a message."""

from collections.abc import Iterable, Sequence

from lsp_orch.domain import message
from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.lease import Party
from lsp_orch.domain.session import Session
from lsp_orch.domain.task import State
from lsp_orch.store.base import Tx

ME = "user"  # the person whose daemon this is, whatever they are called

_AT_WORK = {State.RUNNING, State.PARKED}


def addressee(tx: Tx, name: str, person: str) -> str | Refusal:
    """A session by its id or name, a worker by its task's id, or the person, also by any of their editors."""
    if name in {ME, person, message.person(person)}:
        return message.person(person)
    here = tx.sessions.all()
    found = [each for each in here if each.id == name] or [each for each in here if each.name == name]
    if len(found) > 1:
        return _ambiguous(name, found)
    if found:
        return found[0].id if found[0].kind is Party.AGENT else message.person(person)
    task = tx.tasks.by_id(name)
    if task and task.state in _AT_WORK and task.session_id:
        return task.session_id
    return _nobody(name)


def everybody(sessions: Iterable[Session], workspaces: Iterable[str] | None) -> list[str]:
    """The agents who are here, in these workspaces or, with None, anywhere."""
    within = None if workspaces is None else set(workspaces)
    agents = (each for each in sessions if each.kind is Party.AGENT)
    return [each.id for each in agents if within is None or each.workspace in within]


def _ambiguous(name: str, found: Sequence[Session]) -> Refusal:
    return Refusal(
        code=Code.SESSION_NOT_FOUND,
        message=f"{len(found)} sessions are named {name}: {', '.join(each.id for each in found)}",
        hint="name one of them by its id",
    )


def _nobody(name: str) -> Refusal:
    return Refusal(
        code=Code.SESSION_NOT_FOUND,
        message=f"nobody here is {name}: no session and no task that runs",
        hint="`lsp-orch status` shows the sessions; `user` is the person",
    )
