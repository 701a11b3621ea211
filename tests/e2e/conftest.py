"""People and agents as they come: their own editors and clients, with what we give them to install."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartNeovim
from tests.e2e.watch import Watch
from tests.fixtures.daemon import Instance
from tests.fixtures.neovim import Neovim

CLIENTS = Path(__file__).parents[2] / "editor-clients"

# what people write into their init.lua, and ears for what the server shows
_INSTALL = """
local folder = ...
vim.opt.runtimepath:prepend(folder)
vim.lsp.handlers['window/showMessage'] = function(_, params) table.insert(driver.messages, params.message) end
vim.lsp.enable('lsp-orch')
"""
_ATTACHED = "(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized"

StartPerson = Callable[[], Neovim]


@pytest.fixture
def person(neovim: StartNeovim, instance: Instance) -> StartPerson:
    """Starts Neovims of a person named ada that use our client folder."""
    instance.env["USER"] = "ada"

    def start() -> Neovim:
        editor = neovim(timeout_s=20.0)
        editor.lua(_INSTALL, str(CLIENTS / "neovim"))
        return editor

    return start


@pytest.fixture
def readme(instance: Instance) -> Path:
    """The file of the workspace."""
    return instance.workspace / "README.md"


def edit(editor: Neovim, path: Path) -> None:
    """``:edit`` a file and wait until the server is attached to it."""
    editor.lua("vim.cmd.edit(vim.fn.fnameescape(...))", str(path))
    editor.wait_for(_ATTACHED)


def typing(person: StartPerson, watch: Watch, path: Path) -> Neovim:
    """A person who has begun to change a file."""
    editor = person()
    edit(editor, path)
    editor.type("well, ")
    watch.wait_for("granted")
    return editor


def configure(instance: Instance, text: str) -> None:
    """Write the user's settings, before the daemon starts."""
    folder = instance.home / "config"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(text, encoding="utf-8")


def event(instance: Instance, name: str, **fields: Any) -> subprocess.CompletedProcess[str]:
    """Tell an event of a Claude Code session to the hook command, as the client does."""
    document = {"hook_event_name": name, "cwd": str(instance.workspace), **fields}
    return subprocess.run(
        instance.hook_command(),
        cwd=instance.workspace,
        env=instance.env,
        input=json.dumps(document),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
