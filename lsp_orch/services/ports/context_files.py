"""The folders of a plan's tasks."""

from collections.abc import Mapping
from typing import Protocol


class ContextFiles(Protocol):
    """What all tasks of a plan read, and the folder that each has for itself."""

    def share(self, plan_id: str, files: Mapping[str, str]) -> str:
        """The folder that holds just these texts and that nobody is to write; mended where it does not.

        Raises:
            Unavailable: the disk is full, or the folder cannot be written.
        """

    def scratch(self, plan_id: str, task_id: str) -> str:
        """The task's own folder, which is there when this returns.

        Raises:
            Unavailable: as above.
        """

    def conventions(self, workspace: str, names: tuple[str, ...], most: int) -> dict[str, str]:
        """Those of the named files that a workspace has, each up to ``most`` characters."""
