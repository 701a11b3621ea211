"""Imports point downwards, the domain is pure, and one module reads the clock."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import lsp_orch

PACKAGE = Path(lsp_orch.__file__).parent
ROOT = "(root)"  # __init__ and __main__


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """``ours`` are layers or single modules of ours, ``others`` what is installed from elsewhere."""

    ours: frozenset[str]
    others: frozenset[str] = frozenset()
    stdlib: frozenset[str] = sys.stdlib_module_names


def layer(*ours: str, others: str = "", stdlib: str = "") -> Layer:
    return Layer(
        ours=frozenset(ours),
        others=frozenset(others.split()),
        stdlib=frozenset(stdlib.split()) or sys.stdlib_module_names,
    )


# what computes and remembers nothing, and touches nothing outside
PURE = """
collections contextlib copy dataclasses datetime difflib enum fnmatch fractions functools graphlib hashlib
heapq itertools json math operator pathlib.PurePath pathlib.PurePosixPath posixpath re string textwrap types
typing unicodedata
"""

LAYERS = {
    "client": layer("client"),
    "domain": layer("domain", stdlib=PURE),
    "store": layer("store", "domain", others="psycopg"),
    "services": layer("services", "store", "domain"),
    "adapters": layer(
        "adapters",
        "services",
        "domain",
        others="detect_secrets keyring platformdirs psutil ruamel sqlite_utils tree_sitter"
        " tree_sitter_bash watchdog",
    ),
    "endpoints": layer(
        "endpoints",
        "services",
        "store.base",
        "domain",
        others="anyio cattrs h11 lsprotocol mcp mcp_types pydantic pygls",
    ),
    # the words of its options, and the sleep of its --follow
    "cli": layer(
        *("cli", "client", "demo", "domain.errors", "domain.store_url", "domain.task"),
        others="keyring rich typer watchdog",
    ),
    "demo": layer("demo", "client", "domain", others="rich"),
    "daemon": layer("daemon", "endpoints", "adapters", "services", "store", "client", "domain"),
    ROOT: layer("cli", "client", "daemon"),
}
# who may ask what time it is; all others are told
CLOCKS = {
    "adapters.clock": {"time", "monotonic", "clock_gettime"},
    "client": {"monotonic"},
    "demo": {"monotonic"},
}
READS = {
    "time": {
        *(
            "time",
            "time_ns",
            "monotonic",
            "monotonic_ns",
            "perf_counter",
            "clock_gettime",
            "clock_gettime_ns",
        ),
        *("localtime", "gmtime", "ctime"),
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
VAGUE = {"common", "helpers", "manager", "misc", "util", "utils"}

MODULES = sorted(PACKAGE.rglob("*.py"))


@dataclass(frozen=True, slots=True)
class Module:
    """A module by its name below the package, such as ``domain.lease``."""

    name: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0] if "." in self.name else ROOT


def read(path: Path) -> Module:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return Module(".".join(parts), ast.parse(path.read_text(encoding="utf-8"), path))


def imports(module: Module) -> Iterator[str]:
    """What it imports anywhere, also inside a function: ``lsp_orch.domain.lease.Lease``, ``typing.Any``."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(level=0, module=str(source), names=names):
                yield from (f"{source}.{each.name}" for each in names)
            case ast.ImportFrom():
                yield "(relative)"


def wrong_imports(module: Module) -> Iterator[str]:
    """Each import that its layer does not allow."""
    allowed = LAYERS[module.layer]
    for name in imports(module):
        top, _, rest = name.partition(".")
        if top == "lsp_orch":
            fine = rest in {"", "__version__"} or any(
                f"{rest}.".startswith(f"{each}.") for each in allowed.ours
            )
        else:
            fine = bool({top, name} & (allowed.stdlib | allowed.others))
        if not fine:
            yield name


def clock_readings(module: Module) -> Iterator[str]:
    """Each reading of a clock, called or handed on, that is not the module's to make."""
    allowed = CLOCKS.get(module.name, CLOCKS.get(module.layer, set()))
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=source) | ast.Attribute(attr=source), attr=name):
                found = [name] if name in READS.get(source, ()) else []
            case ast.ImportFrom(module="time", names=names):
                found = [each.name for each in names if each.name in READS["time"]]
            case _:
                found = []
        yield from (name for name in found if name not in allowed)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_keeps_to_its_layer(path: Path) -> None:
    module = read(path)
    assert list(wrong_imports(module)) == []
    assert list(clock_readings(module)) == []
    assert ast.get_docstring(module.tree), "the first line says what the module is for"
    assert path.stem not in VAGUE, "a name says what is inside"


def test_every_folder_is_a_layer() -> None:
    folders = {path.relative_to(PACKAGE).parts[0] for path in MODULES if path.parent != PACKAGE}
    assert folders == set(LAYERS) - {ROOT}


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("domain.lease", "import sqlite3", "sqlite3"),
        ("domain.lease", "import random", "random"),
        ("domain.lease", "from pathlib import Path", "pathlib.Path"),
        ("domain.lease", "from lsp_orch.store.base import Tx", "lsp_orch.store.base.Tx"),
        ("domain.lease", "def f():\n    from lsp_orch import services", "lsp_orch.services"),
        ("domain.lease", "from ..store import base", "(relative)"),
        ("store.sqlite", "from lsp_orch.services.leases import Leases", "lsp_orch.services.leases.Leases"),
        ("services.leases", "import psutil", "psutil"),
        (
            "services.leases",
            "from lsp_orch.adapters.clock import SystemClock",
            "lsp_orch.adapters.clock.SystemClock",
        ),
        (
            "endpoints.lobby",
            "from lsp_orch.store.sqlite import SqliteStore",
            "lsp_orch.store.sqlite.SqliteStore",
        ),
        ("endpoints.lobby", "from lsp_orch.daemon.desk import Desk", "lsp_orch.daemon.desk.Desk"),
        ("adapters.git", "import pygls", "pygls"),
        ("client.hook", "import platformdirs", "platformdirs"),
        ("client.hook", "from lsp_orch.domain.errors import Code", "lsp_orch.domain.errors.Code"),
        ("cli.lease", "if True:\n    import lsp_orch.daemon.desk", "lsp_orch.daemon.desk"),
        ("daemon.build", "from lsp_orch.demo import run", "lsp_orch.demo.run"),
        ("__main__", "import lsp_orch.store.sqlite", "lsp_orch.store.sqlite"),
    ],
)
def test_an_import_that_points_upwards_is_found(name: str, source: str, wrong: str) -> None:
    assert list(wrong_imports(Module(name, ast.parse(source)))) == [wrong]


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("services.leases", "import time\nnow = time.time()", ["time"]),
        ("services.leases", "import time\nclock = time.monotonic", ["monotonic"]),
        ("services.leases", "from time import time", ["time"]),
        ("domain.lease", "from datetime import datetime\ndatetime.now()", ["now"]),
        ("domain.lease", "import datetime\ndatetime.datetime.utcnow()", ["utcnow"]),
        ("client.spawn", "import time\ntime.time()", ["time"]),
        ("client.spawn", "import time\ntime.monotonic()", []),
        ("adapters.clock", "import time\ntime.time()", []),
        ("adapters.ids", "import time\ntime.time()", ["time"]),
        ("adapters.ids", "import time\ntime.clock_gettime(7)", ["clock_gettime"]),
        ("endpoints.shapes", "from datetime import datetime\ndatetime.fromtimestamp(0)", []),
    ],
)
def test_a_look_at_the_clock_is_found(name: str, source: str, wrong: list[str]) -> None:
    assert list(clock_readings(Module(name, ast.parse(source)))) == wrong
