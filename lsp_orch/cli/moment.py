"""Times as people write them."""

from datetime import UTC, datetime

import typer


def moment(value: str) -> str:
    """A time in UTC; one that names no zone is the time here."""
    try:
        return value and datetime.fromisoformat(value).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise typer.BadParameter("must be a time such as 2026-11-21T14:05:00Z or 2026-11-21 14:05") from None
