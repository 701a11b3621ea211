"""How a session ended is read from what the client was seen to say, whatever its exit status was."""

import pytest

from lsp_orch.domain.errors import Code
from lsp_orch.domain.fault import ACCOUNT, WORDS, Fault, Kind, concerns, refusal
from lsp_orch.domain.result import Ending
from lsp_orch.domain.signs import Signs, judge

API = "api_error"
RESET = 1795865363.0

SEEN: list[tuple[str, Signs, Ending, Kind | None, str]] = [
    ("turn cap", Signs(model="sonnet", reason="max_turns", stop="tool_use"), Ending.OVER_TURNS, None, ""),
    ("money cap", Signs(model="sonnet", reason="budget_exhausted"), Ending.OVER_BUDGET, None, ""),
    ("refusal", Signs(model="sonnet", reason=API, stop="refusal"), Ending.REFUSED_BY_MODEL, None, ""),
    ("schema never met", Signs(model="sonnet", reason="completed"), Ending.NO_RESULT, None, ""),
    ("unknown session", Signs(model="sonnet"), Ending.NO_RESULT, None, ""),
    (
        "output limit",
        Signs(model="sonnet", reason=API, cause="max_output_tokens"),
        Ending.NO_RESULT,
        None,
        "",
    ),
    ("bad request", Signs(model="sonnet", reason=API, status=400), Ending.NO_RESULT, None, ""),
    ("unknown model", Signs(model="sonnet", reason=API, status=404), Ending.NO_RESULT, None, ""),
    ("too large", Signs(model="sonnet", reason="image_error", status=413), Ending.NO_RESULT, None, ""),
    (
        "usage limit of a subscriber",
        Signs(
            model="sonnet",
            reason=API,
            status=429,
            error="rate_limit",
            cause="usage_limit_reached",
            limit="five_hour",
            resets_at=RESET,
        ),
        Ending.PROVIDER,
        Kind.LIMIT,
        ACCOUNT,
    ),
    (
        "usage limit of a model",
        Signs(model="opus", reason=API, status=429, limit="seven_day_opus", resets_at=RESET),
        Ending.PROVIDER,
        Kind.LIMIT,
        "model opus",
    ),
    (
        "429 of a key",
        Signs(model="sonnet", reason=API, status=429, error="rate_limit"),
        Ending.PROVIDER,
        Kind.LIMIT,
        ACCOUNT,
    ),
    ("overloaded", Signs(model="sonnet", reason=API, status=529), Ending.PROVIDER, Kind.BUSY, "model sonnet"),
    ("server error", Signs(model="sonnet", reason=API, status=500), Ending.PROVIDER, Kind.BUSY, ACCOUNT),
    (
        "no network",
        Signs(model="sonnet", reason=API, error="unknown", cause="connection_failed"),
        Ending.PROVIDER,
        Kind.BUSY,
        ACCOUNT,
    ),
    (
        "wrong key",
        Signs(model="sonnet", reason=API, status=401, error="authentication_failed"),
        Ending.PROVIDER,
        Kind.LOGIN,
        ACCOUNT,
    ),
    ("forbidden", Signs(model="opus", reason=API, status=403), Ending.PROVIDER, Kind.LOGIN, "model opus"),
    (
        "nobody logged in",
        Signs(model="sonnet", reason=API, error="authentication_failed"),
        Ending.PROVIDER,
        Kind.LOGIN,
        ACCOUNT,
    ),
    (
        "no credit",
        Signs(model="sonnet", reason=API, status=400, error="billing_error"),
        Ending.PROVIDER,
        Kind.LOGIN,
        ACCOUNT,
    ),
]


@pytest.mark.parametrize(
    ("signs", "ending", "kind", "scope"), [each[1:] for each in SEEN], ids=[each[0] for each in SEEN]
)
def test_each_end_that_was_seen_has_its_row(
    signs: Signs, ending: Ending, kind: Kind | None, scope: str
) -> None:
    word, fault = judge(signs)
    assert word is ending
    if kind is None:
        assert fault is None
        return
    assert fault == Fault(kind=kind, scope=scope, until=signs.resets_at)
    assert refusal(fault).code is WORDS[kind].code
    assert "no attempt" in refusal(fault).hint


def test_each_kind_of_fault_has_its_own_code() -> None:
    assert [WORDS[kind].code for kind in Kind] == [
        Code.USAGE_LIMIT,
        Code.PROVIDER_UNAVAILABLE,
        Code.CLAUDE_LOGGED_OUT,
    ]


@pytest.mark.parametrize(
    ("scope", "model", "hits"),
    [
        (ACCOUNT, "sonnet", True),
        ("model opus", "claude-opus-5-5", True),
        ("model opus", "opus", True),
        ("model opus", "sonnet", False),
        ("model claude-sonnet-5-5", "claude-sonnet-5-5", True),
    ],
)
def test_a_models_limit_concerns_that_model_only(scope: str, model: str, hits: bool) -> None:  # noqa: FBT001 - a table
    assert concerns(scope, model) is hits
