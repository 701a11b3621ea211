"""How a session without a result has ended, and whose fault it was: one table, asked from the top."""

from collections.abc import Callable
from dataclasses import dataclass

from lsp_orch.domain.fault import ACCOUNT, MODEL, Fault, Kind
from lsp_orch.domain.result import Ending

_MODELS = ("opus", "sonnet", "haiku", "fable")  # as the names of limits hold them
_LIMITED, _OVERLOADED = 429, 529  # HTTP's, and the provider's own
_SERVER = range(500, 600)
_UNKNOWN, _FORBIDDEN = 401, 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a client has said of its end; empty or None where it has not.

    ``status`` is the HTTP status of its last call, ``error`` and ``cause`` are the client's words for what
    was wrong with it, ``reason`` why the session ended, ``stop`` why the model did. ``limit`` is the usage
    limit that was met and ``resets_at`` when that begins anew. ``model`` was asked, ``said`` is for people.
    """

    model: str
    reason: str = ""
    status: int | None = None
    error: str = ""
    cause: str = ""
    stop: str = ""
    limit: str = ""
    resets_at: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What follows from signs that fit; without a ``kind`` it is the worker's own or the model's doing."""

    fits: Callable[[Signs], bool]
    ending: Ending = Ending.PROVIDER
    kind: Kind | None = None
    of_model: bool = False


ROWS: tuple[Row, ...] = (
    Row(fits=lambda signs: signs.reason == "max_turns", ending=Ending.OVER_TURNS),
    Row(fits=lambda signs: signs.reason == "budget_exhausted", ending=Ending.OVER_BUDGET),
    Row(fits=lambda signs: signs.stop == "refusal", ending=Ending.REFUSED_BY_MODEL),
    Row(fits=lambda signs: signs.reason != "api_error", ending=Ending.NO_RESULT),
    Row(fits=lambda signs: signs.error == "billing_error", kind=Kind.LOGIN),
    Row(fits=lambda signs: signs.status == _LIMITED, kind=Kind.LIMIT),
    Row(fits=lambda signs: signs.status == _FORBIDDEN, kind=Kind.LOGIN, of_model=True),
    Row(fits=lambda signs: signs.status == _UNKNOWN, kind=Kind.LOGIN),
    Row(fits=lambda signs: signs.error == "authentication_failed", kind=Kind.LOGIN),
    Row(fits=lambda signs: signs.status == _OVERLOADED, kind=Kind.BUSY, of_model=True),
    Row(fits=lambda signs: signs.status in _SERVER, kind=Kind.BUSY),
    Row(fits=lambda signs: signs.cause == "connection_failed", kind=Kind.BUSY),
    Row(fits=lambda _: True, ending=Ending.NO_RESULT),
)


def judge(signs: Signs) -> tuple[Ending, Fault | None]:
    """How it ended, and the fault where it was the provider's."""
    row = next(row for row in ROWS if row.fits(signs))
    if row.kind is None:
        return row.ending, None
    fault = Fault(kind=row.kind, scope=_scope(row, signs), until=signs.resets_at, said=signs.said)
    return row.ending, fault


def _scope(row: Row, signs: Signs) -> str:
    if row.of_model:
        return f"{MODEL}{signs.model}"
    limited = next((name for name in _MODELS if name in signs.limit), "")
    return f"{MODEL}{limited}" if limited else ACCOUNT
