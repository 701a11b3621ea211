"""One handler that blocks holds up every editor, agent and hook: endpoints leave waiting to others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lsp_orch.endpoints

BLOCKING_MODULES = {"time", "subprocess", "socket", "sqlite3", "http", "shutil", "psutil"}
BLOCKING_CALLS = {"open", "input", "read_text", "read_bytes", "write_text", "write_bytes"}
ROOT = Path(lsp_orch.endpoints.__file__).parent


def _blocks(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from {name.name.partition(".")[0] for name in names} & BLOCKING_MODULES
            case ast.ImportFrom(module=str(module)):
                yield from {module.partition(".")[0]} & BLOCKING_MODULES
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                yield from {name} & BLOCKING_CALLS


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_an_endpoint_does_not_block(path: Path) -> None:
    assert list(_blocks(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source", ["import time", "from subprocess import run", "open('a')", "Path('a').read_text()"]
)
def test_what_blocks_is_recognised(source: str) -> None:
    assert list(_blocks(source))
