"""What the endpoints' tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.endpoints.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A daemon's inside around one checkout."""
    house = House(tmp_path / "ws")
    yield house
    await house.close()
