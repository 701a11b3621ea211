"""What a worker reports counts only when it fits the schema."""

from typing import Any

import pytest

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.result import FIELDS, Result, Status, parse, schema

GOOD: dict[str, Any] = {
    "status": "partial",
    "summary": "half of it",
    "changed_files": ["a.py"],
    "follow_ups": ["the rest"],
    "learnings": [],
}


def test_a_report_that_fits_becomes_a_result() -> None:
    assert parse(GOOD) == Result(
        status=Status.PARTIAL, summary="half of it", changed_files=("a.py",), follow_ups=("the rest",)
    )


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (None, "null"),
        ([], "a list"),
        ("done", "'done'"),
        ({}, "status is missing"),
        (GOOD | {"status": "great"}, "one of done, partial, failed"),
        (GOOD | {"status": 1}, "status"),
        (GOOD | {"summary": None}, "summary"),
        (GOOD | {"changed_files": "a.py"}, "changed_files"),
        (GOOD | {"learnings": [1]}, "learnings"),
        (GOOD | {"approved": True}, "approved"),
        ({name: value for name, value in GOOD.items() if name != "learnings"}, "learnings is missing"),
    ],
)
def test_one_that_does_not_is_refused_and_the_field_named(broken: object, named: str) -> None:
    refusal = parse(broken)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.RESULT_INVALID
    assert named in refusal.message


def test_the_schema_and_the_check_know_the_same_fields() -> None:
    described = schema()
    assert described["required"] == list(FIELDS)
    assert described["additionalProperties"] is False
    properties = described["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == list(FIELDS) == list(Result.__slots__)
    assert properties["status"]["enum"] == ["done", "partial", "failed"]
    assert properties["changed_files"]["items"] == {"type": "string"}
