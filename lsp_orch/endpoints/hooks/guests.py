"""Workers that the daemon has started and that may ask it over HTTP, each with a token of its own."""

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest

from lsp_orch.endpoints.hooks.event import HookEvent


@dataclass(kw_only=True)
class Guest:
    """One run of a worker. ``sandboxed``: the system keeps what its shell starts from others' files.

    ``ticket`` is that of the call that was put off, ``reason`` what it waits for: the client leaves as soon
    as its other calls have ended.
    """

    session: str
    token: str
    sandboxed: bool
    ticket: str = ""
    reason: str = ""
    helpers: set[str] = field(default_factory=set)

    def heed(self, event: HookEvent) -> None:
        """Remember which subagents are at work."""
        if event.name == "SubagentStop":
            self.helpers.discard(event.agent)
        elif event.agent:
            self.helpers.add(event.agent)

    def put_off(self, event: HookEvent, ticket: str, reason: str) -> bool:
        """Put the call off until its ticket is decided, if it can be.

        The client takes up one call alone when it is resumed: of two that are put off it forgets the first,
        and it leaves without waiting for its subagents.
        """
        if self.ticket or event.agent or self.helpers or event.name != "PreToolUse":
            return False
        self.ticket, self.reason = ticket, reason
        return True


class Guests:
    """Who may ask, and who has been told to come back later."""

    def __init__(self) -> None:
        self._guests: dict[str, Guest] = {}

    def admit(self, session: str, *, sandboxed: bool) -> Guest:
        """Let a run ask from now on."""
        guest = Guest(session=session, token=secrets.token_urlsafe(32), sandboxed=sandboxed)
        self._guests[session] = guest
        return guest

    def dismiss(self, session: str) -> None:
        """Let it ask no more."""
        self._guests.pop(session, None)

    def known(self, token: str) -> Guest | None:
        """Whose token this is; how long the answer takes says nothing of how much of it was right."""
        shown = token.encode("utf-8", "replace")
        return next(
            (each for each in self._guests.values() if compare_digest(each.token.encode(), shown)), None
        )

    def await_ticket(self, ticket: str) -> bool:
        """Whether a call was put off for it."""
        return any(each.ticket == ticket for each in self._guests.values())

    def put_off(self, session: str) -> tuple[str, str]:
        """The ticket that a session's call was put off for, and the reason; empty where none was."""
        guest = self._guests.get(session)
        return (guest.ticket, guest.reason) if guest else ("", "")
