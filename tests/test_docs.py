"""The papers and the help say everything there is: a failure names what they leave out."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from lsp_orch.cli.main import app
from lsp_orch.domain.errors import Code
from lsp_orch.domain.hook_settings import SESSION_EVENTS, TOOL_EVENTS
from lsp_orch.domain.layers import ENVIRONMENT
from lsp_orch.domain.settings import Settings, keys
from lsp_orch.domain.task_diagram import mermaid

ROOT = Path(__file__).parents[1]
PAPERS = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md")),
    *sorted((ROOT / "editor-clients").rglob("*.md")),
]
TEXT = "\n".join(each.read_text(encoding="utf-8") for each in PAPERS)


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    names = command.list_commands(None) if hasattr(command, "list_commands") else []
    if not names:
        yield path, command
    for name in names:
        yield from _commands(command.get_command(None, name), (*path, name))


COMMANDS = dict(_commands(get_command(app)))


def _none(missing: list[str]) -> None:
    assert not missing, f"not said: {', '.join(missing)}"


def _named(word: str) -> bool:
    """Whether the papers have it as a word of its own."""
    return bool(re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", TEXT))


def _verb_named(path: tuple[str, ...]) -> bool:
    """``lease acquire``, also as ``lease acquire|release`` and ``lease list|acquire``."""
    *groups, last = path
    before = rf"lsp-orch {' '.join(groups)} [\w|]*(?<!\w)" if groups else r"lsp-orch [\w|]*(?<!\w)"
    return bool(re.search(rf"{before}{last}(?!\w)", TEXT))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_verb_and_option_has_help(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help, "the verb"
    _none([each.name for each in command.params if not getattr(each, "help", "")])


def test_every_verb_is_in_the_papers() -> None:
    _none([" ".join(path) for path in COMMANDS if not _verb_named(path)])


def test_every_error_code_is_in_the_papers() -> None:
    _none([code.value for code in Code if not _named(code)])


def test_every_setting_has_a_meaning_and_is_in_the_papers() -> None:
    _none([each.name for each in fields(Settings) if not each.metadata["meaning"]])
    _none([key for key in keys() if not _named(key)])


def test_every_variable_is_in_the_papers() -> None:
    variables = [*ENVIRONMENT, "LSP_ORCH_HOME", "LSP_ORCH_INSTANCE"]
    _none([name for name in variables if not _named(name)])


def test_every_hook_event_is_in_the_papers() -> None:
    _none([event for event in (*TOOL_EVENTS, *SESSION_EVENTS) if not _named(event)])


def test_the_picture_of_a_tasks_life_is_the_table() -> None:
    pictures = re.findall(r"^```mermaid\n(.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
    assert mermaid() in pictures, f"ARCHITECTURE.md should show:\n{mermaid()}"


def test_every_custom_method_and_command_is_in_the_protocol() -> None:
    protocol = (ROOT / "editor-clients" / "PROTOCOL.md").read_text(encoding="utf-8")
    sources = (each.read_text(encoding="utf-8") for each in sorted((ROOT / "lsp_orch").rglob("*.py")))
    spoken = {name for text in sources for name in re.findall(r'"(lspOrch[/.][\w./]+)"', text)}
    assert spoken
    _none([name for name in sorted(spoken) if f"`{name}`" not in protocol])


def test_every_test_that_the_papers_name_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))
    assert len(named) > 10
    _none([each for each in sorted(named) if not (ROOT / each).is_file()])


def test_every_promise_names_a_test_that_holds_it() -> None:
    rows = re.findall(r"^\| \d+ \| .* \| (.*) \|$", TEXT, re.MULTILINE)
    assert len(rows) > 10
    _none([row for row in rows if "`tests/" not in row])
