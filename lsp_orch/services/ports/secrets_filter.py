"""What must not be written down."""

from typing import Protocol


class Secrets(Protocol):
    """Knows a password when it sees one."""

    def remove(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text without secrets, and the kinds of those that were in it."""
