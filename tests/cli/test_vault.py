"""``lsp-orch vault`` on the real methods; only the socket between them is left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lsp_orch.cli import vault
from lsp_orch.domain.errors import Refusal
from lsp_orch.endpoints.rpc.notes import NoteMethods
from tests.fixtures.vault import Bench


class Cli:
    """Runs verbs in one workspace."""

    def __init__(self, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
        self.bench = bench
        self._capsys = capsys

    def run(self, *arguments: str, stdin: str | bytes = "") -> str:
        result = CliRunner().invoke(
            vault.app, [*arguments, "--workspace", self.bench.workspace], input=stdin, catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, stdin: str | bytes = "") -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.run(*arguments, "--json", stdin=stdin))
        return document


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    bench = Bench(tmp_path)
    methods = NoteMethods(bench.notes, bench.files.root).methods()

    def ask(method: str, **params: Any) -> dict[str, Any]:
        answer = methods[method](json.loads(json.dumps(params)))
        assert not isinstance(answer, Refusal), answer
        return answer

    monkeypatch.setattr(vault, "ask", ask)
    return Cli(bench, capsys)


def test_a_note_goes_in_and_comes_out(cli: Cli) -> None:
    arguments = [
        "--title",
        "The parser keeps its file open",
        "--type",
        "pitfall",
        "--tag",
        "windows",
        "--tag",
        "io",
    ]
    note = cli.json("add", *arguments, "--body", "-", "--path", "src/parser.py", stdin="Close *the map*.\n")[
        "note"
    ]
    assert (note["body"], note["tags"], note["paths"]) == (
        "Close *the map*.",
        ["windows", "io"],
        ["src/parser.py"],
    )
    assert [hit["id"] for hit in cli.json("search", "parser file", "--tag", "io")["hits"]] == [note["id"]]
    assert cli.json("search", "parser file", "--scope", "user") == {"hits": []}
    assert [each["id"] for each in cli.json("list", "--type", "pitfall")["notes"]] == [note["id"]]
    assert cli.json("show", note["id"]) == {"note": note}
    assert cli.run("show", note["id"]).splitlines()[-1] == "Close *the map*."
    assert [each["id"] for each in cli.json("context", "--path", "src")["notes"]] == [note["id"]]
    assert cli.json("reindex") == {"notes": 1, "problems": []}
    assert cli.json("stats") == {
        "notes": 1,
        "types": {"pitfall": 1},
        "scopes": {"project": 1},
        "tags": {"windows": 1, "io": 1},
        "unreadable": 0,
    }


def test_people_get_text(cli: Cli) -> None:
    assert "There are no notes yet" in cli.run("list")
    assert "No note holds" in cli.run("search", "parser")
    assert "Nothing" in cli.run("context")
    kept = cli.run("add", "--title", "The [parser] keeps :file: open", "--body", "Close *the map*.")
    note_id = kept.split()[1]
    assert "references/the-parser-keeps-file-open.md" in kept
    assert "Brought up to date" in cli.run(
        "add", "--title", "The [parser] keeps :file: open", "--body", "Close *the map*."
    )
    for verb in (["list"], ["search", "parser"], ["show", note_id], ["context"]):
        assert "The [parser] keeps :file: open" in cli.run(*verb), verb
    assert "1 notes are in the index" in cli.run("reindex")
    assert "reference 1" in cli.run("stats")
