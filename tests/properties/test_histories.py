"""``--histories`` reaches the properties."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import histories

REPOSITORY = Path(__file__).parents[2]
USUAL = 7
THOROUGH = settings(histories.THOROUGH, max_examples=USUAL)


def test_a_property_is_tried_on_as_many_histories_as_is_said(pytestconfig: pytest.Config) -> None:
    tried = []

    @settings(THOROUGH)
    @given(st.integers())
    def look(history: int) -> None:
        tried.append(history)

    look()
    assert len(tried) == (pytestconfig.getoption("histories") or USUAL)


def test_it_can_be_said_on_the_command_line() -> None:
    tests = [f"{Path(__file__).name}::{test_a_property_is_tried_on_as_many_histories_as_is_said.__name__}"]
    tests += ["test_notes.py::TestVault"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *tests, "--histories=3", "--hypothesis-show-statistics"],
        cwd=REPOSITORY / "tests" / "properties",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "settings.max_examples=3" in ran.stdout  # what the notes' machine says of itself
