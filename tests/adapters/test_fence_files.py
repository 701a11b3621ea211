"""Fences in the local settings: what a person has there stays, what is ours goes, also after a crash."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_orch.adapters import fence_files
from lsp_orch.adapters.fence_files import FenceFiles
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.sandbox_settings import fenced, named


class Place:
    """A checkout, and the daemon's folder."""

    def __init__(self, folder: Path, records: Path) -> None:
        self.folder = folder
        self.file = folder / ".claude" / "settings.local.json"
        self.records = records

    @property
    def files(self) -> FenceFiles:
        """As each new daemon has it."""
        return FenceFiles(self.records)

    def put(self, *paths: str) -> None:
        self.files.put(str(self.folder), paths)

    def write(self, text: str) -> None:
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(text, encoding="utf-8")

    def read(self) -> Any:
        return json.loads(self.file.read_text(encoding="utf-8"))


@pytest.fixture
def place(repository: Path, short_root: Path) -> Place:
    return Place(repository, short_root / "fences")


def denied(*paths: str) -> dict[str, Any]:
    return {"sandbox": {"filesystem": {"denyWrite": list(paths)}}}


def test_a_fence_stands_follows_and_goes_without_a_trace(place: Place) -> None:
    place.put("/w/[a].txt")
    assert place.read() == denied("/w/[a].txt")
    place.put("/w/b", "/w/ü c")
    assert place.read() == denied("/w/b", "/w/ü c")
    place.put()
    assert not place.file.exists()
    assert list(place.records.iterdir()) == []


def test_what_a_person_has_set_stays_as_it_is(place: Place) -> None:
    own = {
        "permissions": {"allow": ["Bash(make:*)"]},
        "sandbox": {"enabled": True, "filesystem": {"denyWrite": ["/etc"], "allowWrite": ["/x"]}},
        "env": {"A": "b"},
    }
    place.write(json.dumps(own))
    place.put("/w/a", "/etc")
    assert place.read()["sandbox"]["filesystem"]["denyWrite"] == ["/etc", "/w/a"]
    place.put()
    assert place.read() == own


def test_what_a_daemon_that_died_has_left_is_found_and_taken_away(place: Place) -> None:
    place.write('{"env": {"A": "b"}}')
    place.put("/w/a")
    assert place.files.left() == [str(place.folder)]
    place.put()
    assert place.read() == {"env": {"A": "b"}}
    assert place.files.left() == []


def test_a_crash_between_the_record_and_the_file_leaves_nothing_unknown(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put("/w/a")
    with monkeypatch.context() as patch:
        patch.setattr("lsp_orch.adapters.fence_files._write", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            place.put("/w/b")
    assert place.read() == denied("/w/a")
    place.put()
    assert not place.file.exists()


def test_a_crash_after_the_file_leaves_nothing_unknown_either(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = fence_files._write

    def crash(*arguments: Any, **options: Any) -> None:
        right(*arguments, **options)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(fence_files, "_write", crash)
        with pytest.raises(ZeroDivisionError):
            place.put("/w/a")
    assert place.read() == denied("/w/a")
    assert place.files.left() == [str(place.folder)]
    place.put()
    assert not place.file.exists()


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "\xff{"])
def test_a_file_that_cannot_be_read_is_left_alone(place: Place, text: str) -> None:
    place.write(text)
    with pytest.raises(Unavailable) as caught:
        place.put("/w/a")
    assert caught.value.refusal.code is Code.FENCE_MISSING
    assert str(place.file) in caught.value.refusal.message
    assert place.file.read_text(encoding="utf-8") == text


def test_a_file_under_version_control_is_left_alone(place: Place) -> None:
    place.write("{}")
    subprocess.run(["git", "add", "--force", str(place.file)], cwd=place.folder, check=True)
    with pytest.raises(Unavailable, match="under version control"):
        place.put("/w/a")
    assert place.read() == {}


def test_nothing_is_made_where_nothing_is_to_be_fenced(place: Place) -> None:
    place.put()
    assert not place.file.parent.exists()
    assert not place.records.exists()


def test_a_folder_that_is_gone_is_forgotten(place: Place, short_root: Path) -> None:
    gone = Place(short_root / "gone", place.records)
    gone.folder.mkdir()
    gone.put("/w/a")
    gone.file.unlink()
    gone.file.parent.rmdir()
    gone.folder.rmdir()
    gone.put()
    assert gone.files.left() == []


values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
lists = st.lists(st.sampled_from("pq"), min_size=1, max_size=2)
documents = st.fixed_dictionaries(
    {},
    optional={
        "env": values,
        "sandbox": st.fixed_dictionaries(
            {},
            optional={
                "enabled": st.booleans(),
                "filesystem": st.fixed_dictionaries(
                    {},
                    optional={
                        "allowWrite": values,
                        "denyWrite": lists,
                    },
                ).filter(bool),
            },
        ).filter(bool),
    },
)


@given(document=documents, rounds=st.lists(st.lists(st.sampled_from("xyz"), unique=True), max_size=4))
@settings(deadline=None)
def test_any_document_is_what_it_was_when_the_fence_is_gone(
    document: dict[str, Any], rounds: list[list[str]]
) -> None:
    now, before = document, list[str]()
    for paths in rounds:
        now = fenced(now, before, paths)
        assert set(paths) <= named(now)
        assert named(document) <= named(now)
        before = paths
    assert fenced(now, before, []) == document
