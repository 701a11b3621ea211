"""What an agent has yet to be told: it hears it with the answer to its next hook event."""

from collections import deque

MOST = 20  # messages for one agent; the oldest go first, and the number of those is told
MOST_AGENTS = 1024


class Inbox:
    """Messages by the id of the holder that they are for; in memory, and for the loop only."""

    def __init__(self) -> None:
        self._news: dict[str, deque[str]] = {}
        self._lost: dict[str, int] = {}

    def put(self, holder_id: str, message: str) -> None:
        """Leave a message."""
        news = self._news.pop(holder_id, None) or deque()
        self._news[holder_id] = news  # at the end: those nobody wrote to for the longest are forgotten first
        if len(news) == MOST:
            news.popleft()
            self._lost[holder_id] = self._lost.get(holder_id, 0) + 1
        news.append(message)
        while len(self._news) > MOST_AGENTS:
            self.forget(next(iter(self._news)))

    def news_for(self, holder_id: str) -> list[str]:
        """Take out all messages, oldest first."""
        news, lost = self._news.pop(holder_id, ()), self._lost.pop(holder_id, 0)
        return [*([f"({lost} earlier messages were dropped)"] if lost else []), *news]

    def forget(self, holder_id: str) -> None:
        """Nobody will ask for these any more."""
        self._news.pop(holder_id, None)
        self._lost.pop(holder_id, None)

    def left(self, session: str) -> None:
        """A session has ended, and its subagents with it."""
        for holder_id in [each for each in self._news if each.partition("/")[0] == session]:
            self.forget(holder_id)
