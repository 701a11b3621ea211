"""News: what has become durable, told to whoever subscribed, in the order of the commits."""

import logging
from collections.abc import Callable, Sequence

from lsp_orch.domain.events import Event

Subscriber = Callable[[Event], None]

_log = logging.getLogger(__name__)


class News:
    """Subscribers are called on the event loop and must not block it."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hear of every event from now on, after those who subscribed before."""
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Hear no more."""
        self._subscribers.remove(subscriber)

    def publish(self, events: Sequence[Event]) -> None:
        """Tell everybody."""
        for event in events:
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(event)
                except Exception:  # noqa: BLE001 - one that fails must not keep the news from the others
                    _log.exception("a subscriber stumbled over %s", event)
