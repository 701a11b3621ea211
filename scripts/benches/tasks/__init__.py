"""Tasks: each file here that has ``ROWS`` measures one of their promises."""

import pkgutil
from importlib import import_module

from report import Absent, Row


def run() -> list[Row | Absent]:
    """All that is promised of tasks."""
    modules = [import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    return [row for module in modules if hasattr(module, "ROWS") for row in module.ROWS()]
