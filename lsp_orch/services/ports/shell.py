"""What commands of a shell write."""

from collections.abc import Mapping
from typing import Protocol

from lsp_orch.domain.shell.writes import Writes


class ShellWrites(Protocol):
    """Knows what a command line of a shell is about to write."""

    def writes(self, command: str, cwd: str, environment: Mapping[str, str]) -> Writes:
        """What the command may change when it is started in ``cwd``; nothing of it runs, and nothing raises.

        Paths are absolute and free of ``..``, their links not resolved.
        """
