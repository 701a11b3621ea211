"""Where things are kept, as each system has it; ``LSP_ORCH_HOME`` puts them under one folder."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Absolute folders, not made yet. Files that one daemon owns carry the ``instance`` in their name."""

    instance: str
    config: Path
    data: Path
    log: Path
    state: Path


def places() -> Places:
    """Say where things are for this process; ``client/places.py`` says the same of ``state`` and ``log``."""
    instance = os.environ.get("LSP_ORCH_INSTANCE") or "default"
    if home := os.environ.get("LSP_ORCH_HOME"):
        root = Path(home).absolute()
        return Places(
            instance=instance,
            config=root / "config",
            data=root / "data",
            log=root / "log",
            state=root / "state",
        )
    system = platformdirs.PlatformDirs("lsp-orch", appauthor=False)
    return Places(
        instance=instance,
        config=system.user_config_path,
        data=system.user_data_path,
        log=system.user_log_path,
        state=system.user_state_path,
    )
