"""What a session's hook events say of who is at work now."""

from lsp_orch.domain.attribution import Call
from lsp_orch.domain.lease import Holder
from lsp_orch.domain.version import Author
from lsp_orch.endpoints.hooks.event import HookEvent
from lsp_orch.endpoints.hooks.intent import PATH_OF, SHELL
from lsp_orch.endpoints.witnesses import Witnesses
from lsp_orch.services.ports import Clock, Paths


class HookListener:
    """Takes each event before it is answered, and again where the answer was a refusal."""

    def __init__(self, witnesses: Witnesses, paths: Paths, clock: Clock) -> None:
        self._witnesses = witnesses
        self._paths = paths
        self._clock = clock

    def heard(self, event: HookEvent, who: Holder) -> None:
        """Note what the event says."""
        now = self._clock.now()
        match event.name:
            case "PreToolUse":
                if call := self._call(event, who, now):
                    self._witnesses.began(call)
            case "PostToolUse" | "PostToolUseFailure":
                self._witnesses.ended(_id(event, who), now)
            case "UserPromptSubmit" | "Stop" | "SubagentStop":
                self._witnesses.stopped(who.id, now)
            case "SessionEnd":
                self._witnesses.left(event.session, now)
            case _:
                pass

    def refused(self, event: HookEvent, who: Holder) -> None:
        """The tool does not run."""
        self._witnesses.ended(_id(event, who), self._clock.now())

    def _call(self, event: HookEvent, who: Holder, now: float) -> Call | None:
        named = event.tool_input.get(PATH_OF.get(event.tool, ""))
        paths = [self._paths.canonical(named, event.cwd)] if isinstance(named, str) else []
        shell = event.tool == SHELL
        if not shell and not paths:
            return None
        folder = self._paths.canonical(event.cwd, "/")
        return Call(
            id=_id(event, who),
            by=Author(id=who.id, name=who.name),
            workspace=self._paths.workspace(folder) or folder,
            began=now,
            paths=frozenset(paths),
            open=shell,
            background=shell and event.tool_input.get("run_in_background") is True,
        )


def _id(event: HookEvent, who: Holder) -> str:
    """The call's own id; a client that gives none runs one call of a tool at a time."""
    return f"{who.id} {event.call or event.tool}"
