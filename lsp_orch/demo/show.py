"""What the audience sees: live on a terminal, plain lines in a pipe."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A scene that was played: what was seen, or what was not; ``seconds`` it took."""

    title: str
    seen: str
    held: bool
    seconds: float


class Show:
    """Says what happens, with the time since the curtain rose."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, markup=False)
        self._began = time.monotonic()

    @contextmanager
    def scene(self, title: str) -> Iterator[None]:
        """Say which scene is played; a terminal shows that something goes on."""
        self._console.print(f"\n{title}", style="bold")
        with self._console.status(f"{title} ..."):
            yield

    def say(self, line: str) -> None:
        """Tell one thing that happened."""
        self._console.print(f"  {time.monotonic() - self._began:5.1f} s  {line}", soft_wrap=True)

    def table(self, acts: Sequence[Act]) -> None:
        """Show all that was played."""
        table = Table(title="What happened")
        for column in ("scene", "observed", "seconds"):
            table.add_column(column, justify="right" if column == "seconds" else "left")
        for act in acts:
            mark = act.seen if act.held else f"NOT OBSERVED: {act.seen}"
            table.add_row(act.title, mark, f"{act.seconds:.1f}", style="" if act.held else "bold red")
        self._console.print()
        self._console.print(table)
