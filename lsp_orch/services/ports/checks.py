"""What must succeed before work is merged."""

from typing import Protocol


class Checks(Protocol):
    """Runs the command that must succeed before work is merged."""

    def run(self, command: str, folder: str, limit_s: float) -> str:
        """Empty when it succeeded, else its last lines or that it did not end in time."""
