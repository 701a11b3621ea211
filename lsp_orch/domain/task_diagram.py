"""A task's life as a picture, drawn from the table."""

from lsp_orch.domain.task import STEPS, State


def mermaid() -> str:
    """All states and steps, as Mermaid draws them; ARCHITECTURE.md has it, and a test compares."""
    steps = [f"    {was} --> {now}: {step}" for (was, step), now in STEPS.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.PENDING}", *steps, f"    {State.DONE} --> [*]"])
