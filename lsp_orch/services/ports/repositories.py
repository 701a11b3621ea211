"""Checkouts and what they are of."""

from typing import Protocol

from lsp_orch.domain.repository import Checkout


class Repositories(Protocol):
    """Which repository a checkout is of. A root is the canonical folder of a workspace."""

    def known(self, root: str) -> Checkout | None:
        """What was found out before, if that still holds; costs nothing."""

    def find(self, root: str) -> Checkout:
        """Find out, and remember it; may start programs."""

    def branch(self, root: str) -> str:
        """The branch that is checked out in a known checkout; empty when there is none."""
