"""Messages on their way to a session: what the store holds is told once, by whichever door is open."""

from collections.abc import Iterable

from lsp_orch.domain.inbox import ROOM
from lsp_orch.domain.message import DOOR, Pace, line, pressing
from lsp_orch.endpoints.desk import Desk
from lsp_orch.services.messages import Messages


class Mail:
    """Knows for whom something may wait, so that most hook calls need not look into the store.

    ``expected`` is what the store says when we begin.
    """

    def __init__(self, desk: Desk, messages: Messages, expected: Iterable[tuple[str, Pace]] = ()) -> None:
        self._desk = desk
        self._messages = messages
        self._paces: dict[str, Pace] = {}
        for to, pace in expected:
            self.note(to, pace)

    def note(self, to: str, pace: Pace | None) -> None:
        """Remember that something may wait for somebody."""
        if pace and (most := pressing(filter(None, (pace, self._paces.get(to))))):
            self._paces[to] = most

    def pace(self, to: str) -> Pace | None:
        """How pressing it is that may wait for somebody."""
        return self._paces.get(to)

    async def take(self, to: str, room: int = ROOM, by: str = "", prompt: str = "") -> list[str]:
        """The lines that somebody is to be told, as far as they fit; they are told with this answer.

        See ``Messages.take`` for ``by`` and ``prompt``.
        """
        pace = self._paces.pop(to, None)
        if pace is None:
            return []
        try:
            mail = await self._desk.do(lambda tx: self._messages.take(tx, to, room, by, prompt), brief=True)
        except BaseException:
            self.note(to, pace)  # also when whoever waited for the answer is gone: the call may come again
            raise
        self.note(to, mail.left)
        return [line(each) for each in mail.told]

    async def take_for_door(self, to: str) -> list[str]:
        """The same, through the session's own socket: told when it has shown up there."""
        return await self.take(to, by=DOOR)

    async def heard(self, to: str, prompt: str) -> None:
        """What went through the door has arrived."""
        await self._desk.do(lambda tx: self._messages.take(tx, to, 0, prompt=prompt), brief=True)

    async def take_back(self, to: str) -> None:
        """Nobody listened at the door: it waits again."""
        self.note(to, await self._desk.do(lambda tx: self._messages.take_back(tx, to), brief=True))
