"""The attempts' rows: one is opened with each run, changed while that lasts, and closed with it."""

from collections.abc import Callable

from lsp_orch.domain.attempt import Attempt
from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.store.base import Tx


def change(tx: Tx, run: int, how: Callable[[Attempt], Attempt]) -> None:
    """Store how the attempt goes on that this run is.

    Raises:
        Misuse: there is none, or it has ended.
    """
    attempt = tx.attempts.by_id(run)
    if attempt is None or not tx.attempts.update(how(attempt)):
        raise Misuse(Code.INTERNAL, f"run {run} is no attempt that could go on or end")
