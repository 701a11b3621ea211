"""Daemons of which each dies at a step that the test has chosen."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).parents[2]
_SOON_S = 60.0


class Daemons:
    """One after the other, each in the folder that is ``home`` when it starts. A context manager."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.home = Path()
        with log.open("ab") as errors:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.crashes"],
                cwd=REPOSITORY,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._nursery.communicate(timeout=_SOON_S)

    def start(self, step: int = 0, *, armed: bool = False, seed: str = "") -> None:
        """A daemon that listens, and will be killed at a step."""
        self._tell(json.dumps({"home": str(self.home), "step": step, "armed": armed, "seed": seed}))
        assert self._line() == "ready"

    def end(self) -> str:
        """It is no more; the step that it died of, if it did."""
        self._tell("end")
        line = self._line()
        if line == "gone":
            return ""
        assert self._line() == "gone"
        return line.removeprefix("step ")

    def _tell(self, line: str) -> None:
        assert self._nursery.stdin
        self._nursery.stdin.write(f"{line}\n")

    def _line(self) -> str:
        assert self._nursery.stdout
        return self._nursery.stdout.readline().rstrip("\n")
