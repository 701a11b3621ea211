"""The documents of the outside world, as CONTRACT.md names them."""

from datetime import UTC, datetime
from typing import Any

from lsp_orch.domain.fault import WORDS, told
from lsp_orch.domain.grants import Granted, Queued, Waiter
from lsp_orch.domain.hold import ProviderHold
from lsp_orch.domain.lease import Holder, Lease
from lsp_orch.domain.money import Notice
from lsp_orch.domain.pause import Pause
from lsp_orch.domain.session import Session
from lsp_orch.endpoints.resources import shown


def rfc3339(moment: float | None) -> str | None:
    """Seconds since the epoch as RFC 3339 in UTC, to the millisecond; None stays None."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock_time(moment: float) -> str:
    """Seconds since the epoch as a time of day for sentences: ``14:05 UTC``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M UTC")


def without_progress(value: Lease) -> str:
    """What is to be added about a lease that is contested; it begins with a comma, and stays true."""
    return f", without progress since {clock_time(value.progress_at)}" if value.contested else ""


def exact_time(moment: float) -> str:
    """The same to the second, where one may have to tell two writes apart: ``14:05:09 UTC``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S UTC")


def holder(value: Holder) -> dict[str, Any]:
    """``{"id", "kind", "name"}``."""
    return {"id": value.id, "kind": value.kind.value, "name": value.name}


def lease(value: Lease) -> dict[str, Any]:
    """CONTRACT's Lease; ``expires_at`` is null while a person's buffer is unsaved."""
    return {
        "id": value.id,
        "token": value.token,
        "mode": value.mode.value,
        "state": value.state.value,
        "resources": [shown(scope, value.workspace) for scope in value.scopes],
        "holder": holder(value.holder),
        "reason": value.reason,
        "acquired_at": rfc3339(value.acquired_at),
        "expires_at": rfc3339(value.expires_at),
        "contested": value.contested,
    }


def waiter(value: Waiter, position: int) -> dict[str, Any]:
    """One entry of ``waiters``; position 1 is next."""
    return {
        "id": value.id,
        "holder": holder(value.ask.holder),
        "resources": [shown(scope, value.ask.workspace) for scope in value.ask.scopes],
        "mode": value.ask.mode.value,
        "position": position,
        "since": rfc3339(value.since),
    }


def outcome(value: Granted | Queued) -> dict[str, Any]:
    """What ``lease acquire`` answers."""
    if isinstance(value, Granted):
        return {"granted": True, "lease": lease(value.lease)}
    claims_at = value.waiter.claims_at
    return {
        "granted": False,
        "ticket": {"id": value.waiter.id, "position": value.position},
        "conflicts": [lease(each) for each in value.conflicts],
        **({} if claims_at is None else {"claim": {"until": rfc3339(claims_at)}}),
    }


def session(value: Session) -> dict[str, Any]:
    """Somebody who is here."""
    return {
        "id": value.id,
        "kind": value.kind.value,
        "name": value.name,
        "workspace": value.workspace,
        "pid": value.pid,
        "connected_at": rfc3339(value.connected_at),
        "seen_at": rfc3339(value.seen_at),
        "state": value.state.value,
    }


def pause(value: Pause) -> dict[str, Any]:
    """Where the dispatcher starts nothing, and who said so; without a workspace it is all of them."""
    return {
        "workspace": value.workspace or None,
        "reason": value.why,
        "by": value.by,
        "at": rfc3339(value.at),
    }


def hold(value: ProviderHold) -> dict[str, Any]:
    """A provider that has said no: whom that concerns, and until when."""
    return {
        "scope": value.scope,
        "until": rfc3339(value.until),
        "why": told(value.kind, value.said),
        "code": WORDS[value.kind].code.value,
        "since": rfc3339(value.since),
        "tries": value.tries,
    }


def notice(value: Notice) -> dict[str, Any]:
    """What people were told of a cap; ``until`` is null where time alone does not help."""
    return {
        "code": value.cap.value,
        "at": rfc3339(value.told_at),
        "message": value.words,
        "until": rfc3339(value.until),
    }
