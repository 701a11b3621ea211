"""The vault's calls: the shapes of CONTRACT.md, and a clear word for bad parameters."""

from pathlib import Path
from typing import Any

import pytest

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.endpoints.rpc.notes import NoteMethods
from tests.fixtures.vault import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def methods(bench: Bench) -> NoteMethods:
    return NoteMethods(bench.notes, bench.files.root)


def ask(methods: NoteMethods, bench: Bench, method: str, **params: Any) -> dict[str, Any]:
    answer = methods.methods()[method]({"workspace": bench.workspace, **params})
    assert isinstance(answer, dict), answer
    return answer


PITFALL = {
    "title": "The parser keeps its file open",
    "body": "Close the map.\n\nThen write.",
    "type": "pitfall",
    "tags": ["windows"],
    "paths": ["src/parser.py"],
    "source": {"task": "task-7"},
    "confidence": 1,
    "expires": "2027-01-01T00:00:00Z",
}


def test_a_note_is_added_and_shown(methods: NoteMethods, bench: Bench) -> None:
    added = ask(methods, bench, "vault.add", **PITFALL)
    assert added == {
        "note": {
            "id": "note-000000000001",
            "type": "pitfall",
            "title": "The parser keeps its file open",
            "body": "Close the map.\n\nThen write.",
            "tags": ["windows"],
            "paths": ["src/parser.py"],
            "scope": "project",
            "created": "2026-11-21T06:40:51.000Z",
            "updated": "2026-11-21T06:40:51.000Z",
            "source": {"session": "", "task": "task-7", "commit": ""},
            "confidence": 1.0,
            "supersedes": [],
            "expires": "2027-01-01T00:00:00.000Z",
            "path": "vault/pitfalls/the-parser-keeps-its-file-open.md",
        },
        "known": False,
        "secrets": [],
    }
    assert ask(methods, bench, "vault.show", id=added["note"]["id"]) == {"note": added["note"]}


def test_hits_have_the_shape_of_the_contract(methods: NoteMethods, bench: Bench) -> None:
    ask(methods, bench, "vault.add", **PITFALL)
    (hit,) = ask(methods, bench, "vault.search", query="parser?", limit=5)["hits"]
    assert hit.pop("score") > 0
    assert hit == {
        "id": "note-000000000001",
        "title": "The parser keeps its file open",
        "path": "vault/pitfalls/the-parser-keeps-its-file-open.md",
        "snippet": "Close the map. Then write.",
        "type": "pitfall",
        "tags": ["windows"],
        "scope": "project",
    }


def test_a_context_says_what_why_and_what_it_costs(methods: NoteMethods, bench: Bench) -> None:
    ask(methods, bench, "vault.add", **PITFALL)
    context = ask(methods, bench, "vault.context", paths=["src/parser.py"], budget=200)
    (note,) = context["notes"]
    assert note.keys() == {"id", "score", "tokens", "why"}
    assert note["why"] == "about src/parser.py"
    assert context["budget"] == 200
    assert 0 < note["tokens"] < context["tokens"] <= 200
    assert "Close the map." in context["text"]
    absolute = ask(methods, bench, "vault.context", paths=[f"{bench.workspace}/src/parser.py"])
    assert [each["id"] for each in absolute["notes"]] == [note["id"]]


def test_nothing_fits_in_no_budget(methods: NoteMethods, bench: Bench) -> None:
    ask(methods, bench, "vault.add", **PITFALL)
    context = ask(methods, bench, "vault.context", budget=0)
    assert context == {"text": "", "notes": [], "tokens": 0, "budget": 0}


def test_lists_leave_bodies_out_and_name_unreadable_files(methods: NoteMethods, bench: Bench) -> None:
    ask(methods, bench, "vault.add", **PITFALL)
    bench.write("bad.md", "---\ntype: nonsense\n---\n")
    answer = ask(methods, bench, "vault.list")
    assert [note["title"] for note in answer["notes"]] == ["The parser keeps its file open"]
    assert "body" not in answer["notes"][0]
    assert [problem["code"] for problem in answer["problems"]] == ["note-unreadable"]
    assert ask(methods, bench, "vault.reindex") == {"notes": 1, "problems": answer["problems"]}


def test_a_personal_note_is_named_by_its_absolute_path(methods: NoteMethods, bench: Bench) -> None:
    note = ask(methods, bench, "vault.add", title="I like tabs", type="preference", scope="user")["note"]
    assert note["path"] == str(bench.personal / "preferences/i-like-tabs.md")
    assert methods.list({})["notes"][0]["id"] == note["id"]  # type: ignore[index]  # no refusal: see above


def test_a_secret_is_reported_by_its_kind(methods: NoteMethods, bench: Bench) -> None:
    answer = ask(methods, bench, "vault.add", title="The key is AKIAIOSFODNN7EXAMPLE")
    assert answer["secrets"] == ["AWS Access Key"]
    assert answer["note"]["title"] == "The key is [removed: AWS Access Key]"


def test_a_refusal_is_handed_on(methods: NoteMethods, bench: Bench) -> None:
    refused = methods.show({"workspace": bench.workspace, "id": "note-x"})
    assert isinstance(refused, Refusal)
    assert refused.code is Code.NOTE_NOT_FOUND


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("vault.add", {}),
        ("vault.add", {"title": 7}),
        ("vault.add", {"title": "a", "type": "nonsense"}),
        ("vault.add", {"title": "a", "tags": "x"}),
        ("vault.add", {"title": "a", "source": []}),
        ("vault.add", {"title": "a", "confidence": "high"}),
        ("vault.add", {"title": "a", "expires": "soon"}),
        ("vault.add", {"title": "a", "workspace": "relative"}),
        ("vault.show", {}),
        ("vault.search", {"query": None}),
        ("vault.search", {"query": "a", "limit": -1}),
        ("vault.search", {"query": "a", "limit": 1e9}),
        ("vault.search", {"query": "a", "scope": "galaxy"}),
        ("vault.context", {"budget": True}),
        ("vault.context", {"paths": [1]}),
        ("vault.list", {"tag": 1}),
    ],
)
def test_bad_parameters_are_the_callers_fault(
    methods: NoteMethods, bench: Bench, method: str, params: dict[str, Any]
) -> None:
    with pytest.raises(Misuse) as caught:
        methods.methods()[method]({"workspace": bench.workspace, **params})
    assert caught.value.refusal.code is Code.BAD_REQUEST
