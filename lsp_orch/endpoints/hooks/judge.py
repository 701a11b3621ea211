"""The one verdict on an event, whatever goes wrong; how it is worded is the transport's business."""

import json
import logging
from dataclasses import dataclass, replace
from typing import Any, Protocol

from lsp_orch.domain.errors import Code, Misuse, OrchError
from lsp_orch.domain.settings import Mode
from lsp_orch.endpoints.hooks.event import HookEvent, parse
from lsp_orch.endpoints.hooks.verdict import Verdict, refuse, warn
from lsp_orch.endpoints.wire import Hello
from lsp_orch.services.ports import Address, SettingsOf

_log = logging.getLogger(__name__)


class Answers(Protocol):
    """What each event means to us."""

    async def answer(self, event: HookEvent) -> Verdict:
        """Do what the event asks for; raises OrchError."""

    def workspace(self, folder: str) -> str:
        """The checkout around a folder, or the folder itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The very bytes that Claude Code gave the hook, and who passes them on.

    ``session`` is the only one that may speak here, empty where any may.
    """

    body: bytes
    hello: Hello
    session: str = ""
    sandboxed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """``event`` is None when the question could not be read."""

    event: HookEvent | None
    verdict: Verdict


class Judge:
    """Answers every question, also the ones that make no sense and the ones that we fail on."""

    def __init__(self, hooks: Answers, settings: SettingsOf) -> None:
        self._hooks = hooks
        self._settings = settings

    async def judge(self, question: Question) -> Judged:
        """Give the verdict; nothing is raised but a cancellation."""
        event = None
        try:
            event = _parse(question)
            return Judged(event=event, verdict=await self._hooks.answer(event))
        except OrchError as error:
            said = f"[{error.refusal.code}] {error.refusal.message}. {error.refusal.hint}"
            verdict = self._failed(event, question.hello, said.rstrip())
        except Exception:  # noqa: BLE001 - whatever it was, the tool call waits for a verdict
            _log.exception("a hook call failed")
            said = f"[{Code.INTERNAL}] lsp-orch failed; `lsp-orch daemon logs` says why."
            verdict = self._failed(event, question.hello, said)
        return Judged(event=event, verdict=verdict)

    def _failed(self, event: HookEvent | None, hello: Hello, reason: str) -> Verdict:
        """Our own failure: in `enforce` no tool call passes that we could not judge.

        Other events are only told of: to refuse a Stop would keep the agent at work for ever.
        """
        judged = event is None or event.name == "PreToolUse"
        enforced = judged and self._mode(hello) is Mode.ENFORCE
        return refuse(reason) if enforced else warn(f"lsp-orch: {reason}")

    def _mode(self, hello: Hello) -> Mode:
        """As the hook's environment says, else the settings where it runs: its event may be what is wrong."""
        if hello.mode in set(Mode):
            return Mode(hello.mode)
        return self._settings(self._hooks.workspace(hello.cwd)).mode


def _parse(question: Question) -> HookEvent:
    try:
        document: Any = json.loads(question.body)
    except (ValueError, RecursionError) as error:
        raise Misuse(Code.BAD_REQUEST, f"the hook's input is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Misuse(Code.BAD_REQUEST, "the hook's input is not a JSON object")
    hello = question.hello
    inbox = Address(socket=hello.inbox, token=hello.inbox_token) if hello.inbox else None
    event = parse(document, hello.pid, hello.cwd, hello.mode, inbox)
    if question.session not in ("", event.session):
        raise Misuse(
            Code.BAD_REQUEST, f"the token is not that of session {event.session!a}", "use the session's own"
        )
    return replace(event, sandboxed=True) if question.sandboxed else event
