"""The settings that count where."""

from collections.abc import Callable

from lsp_orch.domain.settings import Settings

SettingsOf = Callable[[str], Settings]
"""What counts in a workspace: an absolute path, or empty where there is none."""
