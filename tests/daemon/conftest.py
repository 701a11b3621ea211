"""Toy daemons and their clients, each in a home of its own, and a lookout on a checkout."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.daemon.stage import inside, stage
from tests.fixtures.foreign import Daemon

__all__ = ["daemon", "inside", "stage"]


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    """A lookout that nothing is held or read for yet."""
    daemon = Daemon(tmp_path)
    yield daemon
    await daemon.close()
