"""What can go wrong, each with a stable code.

A rule that says no answers with a ``Refusal``, a value. What should not have happened is raised:

    OrchError
    ├── Misuse        the caller broke the contract
    └── Unavailable   the world did: a disk, a program, a file
"""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The stable words scripts may match on; ARCHITECTURE.md explains each one."""

    BAD_REQUEST = "bad-request"
    BAD_SETTING = "bad-setting"
    BASE_STALE = "base-stale"
    BRANCH_TAKEN = "branch-taken"
    CHAIN_CAP = "chain-cap"
    CHECK_FAILED = "check-failed"
    CLAUDE_LOGGED_OUT = "claude-logged-out"
    CLAUDE_MISSING = "claude-missing"
    CLAUDE_TOO_OLD = "claude-too-old"
    COMMIT_HELD = "commit-held"
    CONTENT_NOT_KEPT = "content-not-kept"
    CONTENT_NOT_RESTORED = "content-not-restored"
    DAEMON_UNREACHABLE = "daemon-unreachable"
    DAY_CAP = "day-cap"
    DISK_FULL = "disk-full"
    EDITOR_SILENT = "editor-silent"
    FENCE_MISSING = "fence-missing"
    GIT_FAILED = "git-failed"
    GIT_MISSING = "git-missing"
    GUARD_NOT_INSTALLED = "guard-not-installed"
    HOME_READ_ONLY = "home-read-only"
    INDEX_UNAVAILABLE = "index-unavailable"
    INTERNAL = "internal"
    KEY_REUSED = "key-reused"
    KEYRING_UNAVAILABLE = "keyring-unavailable"
    LEASE_DEADLOCK = "lease-deadlock"
    LEASE_FENCED = "lease-fenced"
    LEASE_HELD = "lease-held"
    LEASE_NOT_FOUND = "lease-not-found"
    LEASE_NOT_YOURS = "lease-not-yours"
    LEASE_STALE_READ = "lease-stale-read"
    LEASE_TOO_BROAD = "lease-too-broad"
    MERGE_CONFLICT = "merge-conflict"
    MERGE_STOPPED = "merge-stopped"
    MESSAGE_TOO_LARGE = "message-too-large"
    MESSAGE_TOO_MANY = "message-too-many"
    NOTE_NOT_FOUND = "note-not-found"
    NOTE_UNREADABLE = "note-unreadable"
    NOT_A_REPOSITORY = "not-a-repository"
    NO_COMMITS = "no-commits"
    OVER_BUDGET = "over-budget"
    OVER_TURNS = "over-turns"
    PATH_OUTSIDE = "path-outside"
    PLAN_INVALID = "plan-invalid"
    PLAN_NOT_FOUND = "plan-not-found"
    PLAN_STALE = "plan-stale"
    PLAN_STATE = "plan-state"
    PROVIDER_UNAVAILABLE = "provider-unavailable"
    REAPING_FROZEN = "reaping-frozen"
    RESULT_INVALID = "result-invalid"
    SANDBOX_MISSING = "sandbox-missing"
    SESSION_NOT_FOUND = "session-not-found"
    SESSION_REAPED = "session-reaped"
    STORE_CORRUPT = "store-corrupt"
    STORE_IN_USE = "store-in-use"
    STORE_NEWER = "store-newer"
    STORE_UNREACHABLE = "store-unreachable"
    SUBMODULE_MISSING = "submodule-missing"
    TASK_BLOCKED = "task-blocked"
    TASK_CYCLE = "task-cycle"
    TASK_NOT_FOUND = "task-not-found"
    TASK_STATE = "task-state"
    TASK_TIMEOUT = "task-timeout"
    TEMPLATE_INVALID = "template-invalid"
    TEMPLATE_NOT_FOUND = "template-not-found"
    TREE_DIRTY = "tree-dirty"
    UNKNOWN_METHOD = "unknown-method"
    USAGE_LIMIT = "usage-limit"
    VAULT_READ_ONLY = "vault-read-only"
    VERSION_MISMATCH = "version-mismatch"
    VERSION_NOT_FOUND = "version-not-found"
    WORKER_DIED = "worker-died"
    WORKER_REFUSED = "worker-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A rule said no: ``message`` says what and who, ``hint`` what to do now."""

    code: Code
    message: str
    hint: str = ""


class OrchError(Exception):
    """Base of what is raised; never raised itself."""

    def __init__(self, code: Code, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.refusal = Refusal(code=code, message=message, hint=hint)


class Misuse(OrchError):
    """The caller broke the contract: a malformed request, an unknown method, a wrong type."""


class Unavailable(OrchError):
    """The world broke: a full disk, a missing program, an unreadable file."""
