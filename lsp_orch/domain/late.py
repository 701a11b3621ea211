"""Work that came too late: its run had the task no more."""

from dataclasses import dataclass

from lsp_orch.domain.result import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Set aside, and never merged by itself; what there is of it lies under ``kept_ref``, if anything."""

    run: int
    task_id: str
    status: Status
    summary: str
    kept_ref: str
    at: float
