"""What a hook does when we fail, as the settings files say: read only when the daemon can't be asked."""

import os
import sys
import tomllib
from collections.abc import Mapping
from typing import Any


def configured(cwd: str) -> str:
    """The ``mode`` of the checkout around ``cwd``, else of the user's own file; empty where none is set.

    A file that can't be read sets nothing: why it can't is what the daemon has said.
    """
    top = _top_level(cwd)
    files = [
        (os.path.join(top, "lsp-orch.toml"), ()),
        (os.path.join(top, "pyproject.toml"), ("tool", "lsp-orch")),
        (os.path.join(config_folder(os.environ, sys.platform), "config.toml"), ()),
    ]
    return next((mode for path, table in files if (mode := _mode(path, table))), "")


def config_folder(env: Mapping[str, str], platform: str) -> str:
    """Where the user's settings are; ``adapters/places.py`` says the same with platformdirs."""
    if home := env.get("LSP_ORCH_HOME"):
        return os.path.join(os.path.abspath(home), "config")
    if platform == "win32":
        local = env.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif platform == "darwin":
        local = os.path.expanduser("~/Library/Application Support")
    else:
        local = env.get("XDG_CONFIG_HOME", "").strip() or os.path.expanduser("~/.config")
    return os.path.join(local, "lsp-orch")


def _mode(path: str, table: tuple[str, ...]) -> str:
    try:
        with open(path, "rb") as file:
            document: Any = tomllib.load(file)
        for name in table:
            document = document.get(name, {})
        return str(document.get("mode", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _top_level(folder: str) -> str:
    above = folder
    while not os.path.exists(os.path.join(above, ".git")):
        if (parent := os.path.dirname(above)) == above:
            return folder  # in no checkout: the folder is the workspace
        above = parent
    return above
