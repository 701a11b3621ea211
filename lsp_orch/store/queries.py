"""Named queries: ``-- name: insert`` in ``sql/lease.sql`` is the query ``lease.insert``.

An engine that must say something in its own way has a folder of its own below ``sql``.
"""

import re
from functools import cache
from pathlib import Path

SQLITE = "sqlite"
POSTGRES = "postgres"

PERISHABLE = frozenset({"fence", "lane", "lease", "read", "session", "vigil", "waiter"})
"""What nobody misses after a power failure: whoever held, waited or was here has ended with the machine."""

TRIFLES = frozenset({"message.forget", "message.tell", "version.insert_absent", "version.seen"})
"""Nor these changes: no content is lost with them, and a message is told once more at worst."""

_SQL = Path(__file__).parent / "sql"
_MIGRATIONS = {SQLITE: _SQL / "migrations", POSTGRES: _SQL / POSTGRES / "migrations"}
_CHANGE = re.compile(r"^(INSERT|UPDATE|DELETE)\b", re.MULTILINE)
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(engine: str = SQLITE) -> dict[str, str]:
    """Read every query of an engine, by name. Parameters are written ``:name``."""
    found: dict[str, str] = {}
    for file in (*sorted(_SQL.glob("*.sql")), *sorted((_SQL / engine).glob("*.sql"))):
        _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            found[f"{file.stem}.{name}"] = text.strip().removesuffix(";")
    return found


@cache
def lasting() -> frozenset[str]:
    """Every query that changes what must outlast a power failure."""
    return frozenset(
        name
        for name, text in load().items()
        if name.partition(".")[0] not in PERISHABLE and name not in TRIFLES and _CHANGE.search(text)
    )


def migrations(engine: str = SQLITE) -> list[tuple[int, str]]:
    """Read an engine's numbered migrations in their order."""
    files = sorted(_MIGRATIONS[engine].glob("*.sql"))
    return [(int(file.name.partition("_")[0]), file.read_text(encoding="utf-8")) for file in files]
