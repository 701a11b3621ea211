"""Measure what is promised about speed, each time against floors in the same run.

A promise that was missed is printed, not an error: only a bench that could not run fails. For Linux, where
memory is read from /proc and processes can be kept on one core.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hook
import leases
import memory
import pipe
import report
import start
import tasks
from report import Absent, Row

BENCHES: dict[str, Callable[[], Sequence[Row | Absent]]] = {
    "pipe": pipe.run,
    "hook": hook.run,
    "leases": leases.run,
    "start": start.run,
    "memory": memory.run,
    "tasks": tasks.run,
}
"""A subject is a file of its own name here, and one line in this table."""


def main() -> None:
    """Run the benches that are named, or all of them."""
    asked = _parse()
    before = report.machine()
    print(
        f"{before['cores']} cores, Python {before['python']}, Linux {before['kernel']}. "
        "Medians; p25-p75 of the rounds. Only ratios within one run mean anything."
    )
    found = {}
    for name in asked.names or BENCHES:
        rows = BENCHES[name]()
        found[name] = [row.document() for row in rows]
        print(f"\n{name}\n{report.table(rows)}", flush=True)
    after = report.weather()
    print(f"\n{_weather(before, after)}")
    if asked.json:
        document = {"machine": before, "after": after, "benches": found}
        asked.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(BENCHES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured here as well")
    asked = parser.parse_args()
    if strangers := [name for name in asked.names if name not in BENCHES]:
        parser.error(f"no bench is named {', '.join(strangers)}: there are {', '.join(BENCHES)}")
    return asked


def _weather(before: dict[str, Any], after: dict[str, float]) -> str:
    flushes = f"{before['flush_s'] * 1e3:.2f} ms before, {after['flush_s'] * 1e3:.2f} ms after"
    return f"Load {before['load']:.2f} before, {after['load']:.2f} after; 4 KiB on disk in {flushes}."


if __name__ == "__main__":
    main()
