"""Every setting: its name, type, default and meaning, in one table."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from lsp_orch.domain import routing, store_url, workers

LARGEST_KEPT = 32 * 1024**2  # bytes of a file whose content can be kept at all


class Mode(StrEnum):
    """What happens when *we* fail; a held file is refused in both."""

    ENFORCE = "enforce"
    ADVISE = "advise"


class Sandbox(StrEnum):
    """Whether what a worker's shell starts is shut in."""

    AUTO = "auto"
    OFF = "off"
    REQUIRE = "require"


class LogLevel(StrEnum):
    """The least that the daemon's log takes up."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a value must be beyond its type; ``says`` completes "must be ...".

    ``read`` makes one that is no scalar out of what the file has, or None.
    """

    says: str
    holds: Callable[[Any], bool]
    read: Callable[[Any], Any] | None = None


def _at_least(least: float) -> Rule:
    return Rule(
        says=f"a number of at least {least:g}", holds=lambda value: math.isfinite(value) and value >= least
    )


_SHARE = Rule(says="a number from 0 to 1", holds=lambda value: 0 <= value <= 1)
_INSIDE = Rule(
    says="a path inside the workspace, such as vault",
    holds=lambda value: (
        bool(value) and not value.startswith(("/", "\\")) and ".." not in PurePath(value).parts
    ),
)
_STORE = Rule(
    says="sqlite:///PATH, postgresql://USER@HOST/DATABASE without a password"
    " (`lsp-orch config password` keeps that), or empty for the state folder",
    holds=store_url.sound,
)
_KEEPABLE = Rule(
    says=f"a number from 1 to {LARGEST_KEPT}, which one message can carry",
    holds=lambda value: 1 <= value <= LARGEST_KEPT,
)
_NAMED_MODEL = Rule(says="the name of a model", holds=bool)
_NAMED = Rule(says="the name or path of a program", holds=bool)
_ANY = Rule(says="text", holds=lambda _: True)
_WAITS = Rule(
    says="a list of numbers of at least 0, one for each wait",
    holds=lambda value: bool(value) and all(math.isfinite(each) and each >= 0 for each in value),
)
_SWITCH = Rule(says="true or false", holds=lambda _: True)
_SHARES = Rule(
    says='a table of models and whole numbers, such as { opus = 1 }, or a list such as ["opus=1"]',
    holds=lambda _: True,
    read=workers.read,
)
_ROUTES = Rule(
    says="a list of tables with model, reason and what they are for: words, paths, roles, stages, failed",
    holds=lambda _: True,
    read=routing.read,
)


def _setting(default: Any, meaning: str, rule: Rule, *, own: bool = False) -> Any:
    """``own``: the person's, never the checkout's, which may be somebody else's work."""
    return field(default=default, metadata={"meaning": meaning, "rule": rule, "own": own})


_POSITIVE = Rule(says="a number greater than 0", holds=lambda value: math.isfinite(value) and value > 0)
_NATURAL, _ONE = _at_least(0), _at_least(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Durations are seconds, money is US dollars. A field ``leases_ttl_s`` is the key ``leases.ttl_s``."""

    mode: Mode = _setting(Mode.ADVISE, "what a hook does when lsp-orch itself fails", _ANY)
    claude: str = _setting("claude", "the Claude Code executable", _NAMED, own=True)
    log: LogLevel = _setting(LogLevel.INFO, "the least that the daemon's log takes up", _ANY, own=True)
    store: str = _setting("", "where leases and tasks are kept", _STORE, own=True)
    daemon_idle_exit_s: float = _setting(
        600.0, "leave after so long without a connection or any work", _POSITIVE, own=True
    )
    leases_ttl_s: float = _setting(
        120.0, "an agent's lease lives so long after its last sign of life", _POSITIVE
    )
    leases_hook_wait_s: float = _setting(
        8.0, "a hook waits so long for a held file before it refuses", _NATURAL
    )
    leases_ticket_s: float = _setting(
        1800.0, "a refused agent keeps its place in the queue so long", _POSITIVE
    )
    leases_contest_s: float = _setting(
        60.0, "a holder has so long to object before a program takes what it holds", _POSITIVE
    )
    leases_saved_s: float = _setting(
        60.0, "a person keeps a saved file so long, unless somebody waits", _POSITIVE
    )
    leases_vanished_s: float = _setting(10.0, "a vanished editor keeps its leases so long", _POSITIVE)
    leases_stopped_s: float = _setting(
        5.0, "an agent that ended its turn keeps its leases so long", _POSITIVE
    )
    leases_contested_s: float = _setting(
        1800.0, "an agent's lease is shown as contested after so long without a write", _POSITIVE, own=True
    )
    reaper_suspect_s: float = _setting(
        90.0, "an agent without a known process is suspect after so long a silence", _POSITIVE, own=True
    )
    reaper_dead_s: float = _setting(300.0, "and taken for dead after so long", _POSITIVE, own=True)
    reaper_freeze_s: float = _setting(
        120.0,
        "nobody is reaped for so long after a jump of the clock, a sleep, or three deaths",
        _POSITIVE,
        own=True,
    )
    leases_watch_folders: int = _setting(
        4096, "most folders that are watched for writes to held and read files", _ONE, own=True
    )
    tasks_workers: int = _setting(0, "most workers at once; 0 means min(4, cores / 2)", _NATURAL, own=True)
    tasks_model_workers: tuple[str, ...] = _setting(
        (), "most workers at once with that model; one that is not named has no cap", _SHARES, own=True
    )
    tasks_workspace_workers: int = _setting(
        0, "most workers at once in one workspace; 0 means no cap", _NATURAL, own=True
    )
    tasks_memory_floor_mb: int = _setting(
        1024, "no worker is started while less memory (MiB) is free; 0 means none", _NATURAL, own=True
    )
    tasks_model: str = _setting("sonnet", "the model that `auto` chooses", _ANY, own=True)
    tasks_routing: tuple[routing.Route, ...] = _setting(
        routing.ROUTES, "rules by which `auto` chooses another model, the first that fits", _ROUTES, own=True
    )
    tasks_escalate: bool = _setting(
        default=True,
        meaning="after a failed attempt, `auto` takes at least the next better model",
        rule=_SWITCH,
        own=True,
    )
    tasks_day_usd: float = _setting(
        20.0, "money cap of all tasks in a day (UTC); 0 means none", _NATURAL, own=True
    )
    tasks_chain_usd: float = _setting(
        0.0, "money cap of all tasks that wait for each other; 0 means none", _NATURAL, own=True
    )
    tasks_max_usd: float = _setting(2.0, "money cap of one task", _POSITIVE)
    tasks_max_turns: int = _setting(60, "turn cap of one task", _ONE)
    tasks_timeout_s: float = _setting(
        3600.0, "time limit of one attempt, not counting the time it is parked", _POSITIVE
    )
    tasks_check_timeout_s: float = _setting(600.0, "time limit of a task's check", _POSITIVE, own=True)
    tasks_attempts: int = _setting(3, "attempts before a task fails", _ONE)
    tasks_ageing_s: float = _setting(
        3600.0, "a task that has waited so long counts as one step more urgent", _POSITIVE, own=True
    )
    tasks_prune_days: int = _setting(
        30,
        "a task that failed, was cancelled or waits for a review so long is pruned; 0 is never",
        _NATURAL,
        own=True,
    )
    tasks_prune_stale_days: int = _setting(
        14,
        "a task of P2 to P4 that nothing has become of for so long is pruned; 0 is never",
        _NATURAL,
        own=True,
    )
    tasks_prune_every_s: float = _setting(
        21600.0,
        "pruned by itself each time so long is over, and at the start; 0 is never",
        _NATURAL,
        own=True,
    )
    tasks_startup_s: float = _setting(90.0, "a worker must show its first event within", _POSITIVE, own=True)
    tasks_silence_s: float = _setting(300.0, "a worker silent for so long is dead", _POSITIVE, own=True)
    tasks_kill_grace_s: float = _setting(5.0, "between SIGTERM and SIGKILL", _NATURAL, own=True)
    tasks_sandbox: Sandbox = _setting(
        Sandbox.AUTO, "shut workers' shells in: auto where bubblewrap can, off, or require", _ANY, own=True
    )
    tasks_backoff_s: tuple[float, ...] = _setting(
        (30.0, 120.0, 600.0), "wait before each next attempt", _WAITS, own=True
    )
    plan_model: str = _setting("opus", "the model that plans", _NAMED_MODEL, own=True)
    plan_max_usd: float = _setting(2.0, "money cap of one plan", _POSITIVE, own=True)
    plan_max_tasks: int = _setting(12, "most tasks of one plan", _ONE, own=True)
    plan_templates: str = _setting(
        "",
        "a folder with pipelines, stages and roles of your own, as in `lsp_orch/templates`",
        _ANY,
        own=True,
    )
    tasks_fallback_model: str = _setting(
        "", "the model that answers while the task's own is overloaded; empty for none", _ANY, own=True
    )
    tasks_retry_provider_s: tuple[float, ...] = _setting(
        (60.0, 300.0, 900.0), "wait before each try of a provider that has not said when", _WAITS, own=True
    )
    tasks_hold_most_s: float = _setting(
        21600.0, "a provider is tried again after so long, whatever it has said", _POSITIVE, own=True
    )
    tasks_log_days: float = _setting(30.0, "what a worker said is kept so many days", _POSITIVE, own=True)
    tasks_log_max_bytes: int = _setting(1024**3, "most bytes of all that workers have said", _ONE, own=True)
    messages_most: int = _setting(50, "most messages that wait for one session", _ONE, own=True)
    messages_rate: int = _setting(20, "most messages that one session writes in a minute", _ONE, own=True)
    messages_ttl_s: float = _setting(
        1800.0, "a message that nobody has read is none after so long", _POSITIVE, own=True
    )
    messages_urgent_ttl_s: float = _setting(7200.0, "the same for an urgent one", _POSITIVE, own=True)
    recover_days: float = _setting(
        14.0, "what a file said is kept so many days after it last said it", _POSITIVE, own=True
    )
    recover_max_bytes: int = _setting(
        1024**3, "most bytes of all kept contents, before compression", _ONE, own=True
    )
    recover_max_file_bytes: int = _setting(
        10 * 1024**2, "a larger file is not kept, and so cannot be recovered", _KEEPABLE, own=True
    )
    vault_path: str = _setting("vault", "the project's notes, relative to the workspace", _INSIDE)
    vault_budget_tokens: int = _setting(1500, "most tokens of notes at a session's start", _NATURAL)
    vault_threshold: float = _setting(0.35, "least share of a query's weight that a note must cover", _SHARE)


def keys() -> dict[str, str]:
    """Map each key as people write it (``leases.ttl_s``) to its field (``leases_ttl_s``)."""
    groups = {"daemon", "leases", "plan", "reaper", "recover", "tasks", "vault"}
    groups = {"daemon", "leases", "messages", "plan", "reaper", "recover", "tasks", "vault"}
    found = {}
    for each in fields(Settings):
        group, _, rest = each.name.partition("_")
        found[f"{group}.{rest}" if group in groups else each.name] = each.name
    return found
