"""How verbs answer and fail."""

import json
import sys

import pytest
import typer
from rich.console import RenderableType
from rich.table import Table

from lsp_orch.cli import output
from lsp_orch.client.errors import ClientError


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call without ``--json``."""
    monkeypatch.setattr(sys, "argv", ["lsp-orch", "status"])


@pytest.fixture
def said_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call with it."""
    monkeypatch.setattr(sys, "argv", ["lsp-orch", "status", "--json"])


@pytest.mark.usefixtures("said_json")
def test_json_is_one_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit({"name": "Zoë [bold]"}, as_json=True, render=lambda _: "for people")
    told = capsys.readouterr()
    assert json.loads(told.out) == {"name": "Zoë [bold]"}
    assert "Zoë" in told.out
    assert told.err == ""


@pytest.mark.usefixtures("said")
def test_text_for_people_is_never_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    def render(document: dict[str, str]) -> RenderableType:
        table = Table("Name")
        table.add_row(document["name"])
        return table

    output.emit({"name": "[bold]x[/bold] :smile:"}, as_json=False, render=render)
    told = capsys.readouterr().out
    assert "[bold]x[/bold] :smile:" in told
    assert "\x1b" not in told


@pytest.mark.usefixtures("said")
def test_a_name_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"names": ["\x1b[2Ja", "\x9b31m", "b\rc", "\x07"], "body": "a line\nand another"}
    output.emit(document, as_json=False, render=lambda told: "|".join([*told["names"], told["body"]]))
    output.tell("\x1b]0;title")
    told = capsys.readouterr()
    assert told.out == "\\x1b[2Ja|\\x9b31m|b\\x0dc|\\x07|a line\nand another\n"
    assert told.err == "\\x1b]0;title\n"


@pytest.mark.usefixtures("said")
def test_saying_nothing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit({}, as_json=False, render=lambda _: None)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("lease-not-found", 1),
        ("task-cycle", 1),
        ("home-read-only", 1),
        ("bad-request", 2),
        ("daemon-unreachable", 3),
        ("version-mismatch", 3),
        ("internal", 70),
        ("a-word-of-a-newer-daemon", 1),
    ],
)
@pytest.mark.usefixtures("said_json")
def test_a_failure_is_a_document_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], code: str, status: int
) -> None:
    with pytest.raises(typer.Exit) as left:
        output.fail(ClientError(code, "what happened", "what to do"))
    assert left.value.exit_code == status
    told = capsys.readouterr()
    assert json.loads(told.out) == {"error": {"code": code, "message": "what happened", "hint": "what to do"}}
    assert "what happened" in told.err
    assert "what to do" in told.err


@pytest.mark.usefixtures("said")
def test_without_json_a_failure_leaves_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.report(ClientError("internal", "a bug")) == 70
    told = capsys.readouterr()
    assert told.out == ""
    assert ".log" in told.err


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--json"], True),
        (["task", "add", "x", "--json"], True),
        (["task", "add", "--", "--json"], False),
        ([], False),
    ],
)
def test_json_is_wanted_when_the_call_says_so(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], *, wanted: bool
) -> None:
    monkeypatch.setattr(sys, "argv", ["lsp-orch", *arguments])
    assert output.wants_json() is wanted
