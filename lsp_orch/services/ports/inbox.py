"""Where agents take messages."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a running agent's session takes messages; the token is never shown."""

    socket: str
    token: str = field(repr=False)


class Messenger(Protocol):
    """Reaches running sessions."""

    async def send(self, to: Address, text: str) -> bool:
        """Hand over a message; whether somebody took it. What becomes of it there nobody says."""
