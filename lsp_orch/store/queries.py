"""Named queries: ``-- name: insert`` in ``sql/lease.sql`` is the query ``lease.insert``."""

import re
from functools import cache
from pathlib import Path

_SQL = Path(__file__).parent / "sql"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load() -> dict[str, str]:
    """Read every query of the package, by name. Parameters are written ``:name``."""
    found: dict[str, str] = {}
    for file in sorted(_SQL.glob("*.sql")):
        _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            found[f"{file.stem}.{name}"] = text.strip().removesuffix(";")
    return found


def migrations() -> list[tuple[int, str]]:
    """Read the numbered migrations in their order."""
    files = sorted((_SQL / "migrations").glob("*.sql"))
    return [(int(file.name.partition("_")[0]), file.read_text(encoding="utf-8")) for file in files]
