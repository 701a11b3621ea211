"""Every setting: its name, type, default and meaning, in one table."""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """What happens when *we* fail; a held file is refused in both."""

    ENFORCE = "enforce"
    ADVISE = "advise"


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Durations are seconds, money is US dollars. A field ``leases_ttl_s`` is the key ``leases.ttl_s``."""

    mode: Mode = _setting(Mode.ADVISE, "what a hook does when lsp-orch itself fails")
    claude: str = _setting("claude", "the Claude Code executable")
    daemon_idle_exit_s: float = _setting(600.0, "leave after so long without a connection or any work")
    leases_ttl_s: float = _setting(120.0, "an agent's lease lives so long after its last sign of life")
    leases_hook_wait_s: float = _setting(8.0, "a hook waits so long for a held file before it refuses")
    leases_ticket_s: float = _setting(1800.0, "a refused agent keeps its place in the queue so long")
    leases_saved_s: float = _setting(60.0, "a person keeps a saved file so long, unless somebody waits")
    leases_vanished_s: float = _setting(10.0, "a vanished editor keeps its leases so long")
    leases_stopped_s: float = _setting(5.0, "an agent that ended its turn keeps its leases so long")
    tasks_workers: int = _setting(0, "most workers at once; 0 means min(4, cores / 2)")
    tasks_model: str = _setting("sonnet", "the model that `auto` chooses")
    tasks_max_usd: float = _setting(2.0, "money cap of one task")
    tasks_max_turns: int = _setting(60, "turn cap of one task")
    tasks_timeout_s: float = _setting(3600.0, "time limit of one attempt")
    tasks_attempts: int = _setting(3, "attempts before a task fails")
    tasks_startup_s: float = _setting(90.0, "a worker must show its first event within")
    tasks_silence_s: float = _setting(300.0, "a worker silent for so long is dead")
    tasks_kill_grace_s: float = _setting(5.0, "between SIGTERM and SIGKILL")
    tasks_backoff_s: tuple[float, ...] = _setting((30.0, 120.0, 600.0), "wait before each next attempt")
    vault_path: str = _setting("vault", "the project's notes, relative to the workspace")
    vault_budget_tokens: int = _setting(1500, "most tokens of notes at a session's start")
    vault_threshold: float = _setting(0.35, "least share of a query's weight that a note must cover")


def keys() -> dict[str, str]:
    """Map each key as people write it (``leases.ttl_s``) to its field (``leases_ttl_s``)."""
    groups = {"daemon", "leases", "tasks", "vault"}
    found = {}
    for each in fields(Settings):
        group, _, rest = each.name.partition("_")
        found[f"{group}.{rest}" if group in groups else each.name] = each.name
    return found
