"""What must succeed before work is merged."""

from typing import Protocol


class Checks(Protocol):
    """Runs the command that must succeed before work is merged."""

    def run(self, command: str, folder: str, limit_s: float, mark: str = "", *, shut_in: bool = False) -> str:
        """Empty when it succeeded, else its last lines or that it did not end in time.

        With ``shut_in`` it writes to ``folder`` only, where the machine and the settings let us do that.
        """

    def stop(self, mark: str) -> None:
        """End the one with this mark, if it has begun."""
