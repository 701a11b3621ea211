"""Notes as values: what is refused, what is tidied, how files are named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.note import LARGEST_BODY, Draft, Source, confirm, make, slug, tidy

DRAFT = Draft(title="Close the map before writing")


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft(title=" \n\x00 "), Code.BAD_REQUEST),
        (Draft(title="x" * 201), Code.BAD_REQUEST),
        (Draft(title="a \ud800"), Code.BAD_REQUEST),
        (Draft(title="a", source=Source(task="\udfff")), Code.BAD_REQUEST),
        (Draft(title="a", confidence=1.01), Code.BAD_REQUEST),
        (Draft(title="a", confidence=float("nan")), Code.BAD_REQUEST),
        (Draft(title="a", body="é" * (LARGEST_BODY // 2 + 1)), Code.MESSAGE_TOO_LARGE),
        (Draft(title="a", paths=("/etc/passwd",)), Code.PATH_OUTSIDE),
        (Draft(title="a", paths=("src/../../x",)), Code.PATH_OUTSIDE),
        (Draft(title="a", paths=("~/x",)), Code.PATH_OUTSIDE),
    ],
)
def test_what_is_no_note_is_refused_with_its_code(draft: Draft, code: Code) -> None:
    refused = tidy(draft)
    assert isinstance(refused, Refusal)
    assert refused.code is code


def test_a_draft_is_tidied() -> None:
    draft = tidy(Draft(title=" two\nlines ", body="\n\nbody\n", tags=("a", "", " a "), paths=("src/*.py",)))
    assert draft == Draft(title="two lines", body="body", tags=("a",), paths=("src/*.py",))


def test_a_body_of_just_the_limit_fits() -> None:
    assert not isinstance(tidy(replace(DRAFT, body="x" * LARGEST_BODY)), Refusal)


def test_times_are_whole_seconds_as_files_keep_them() -> None:
    assert make(DRAFT, "note-1", 12.9).created == 12.0


def test_saying_it_again_adds_tags_and_paths_and_keeps_the_date_of_birth() -> None:
    first = make(replace(DRAFT, tags=("a",), paths=("x",)), "note-1", 100)
    again = confirm(first, replace(DRAFT, tags=("b", "a"), paths=("y",)), 200)
    assert again == replace(first, tags=("a", "b"), paths=("x", "y"), updated=200)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("One daemon: why?", "one-daemon-why"),
        ("snake_case & ../../etc", "snake-case-etc"),
        ("日本語の メモ", "日本語の-メモ"),
        ("?!", "note"),
    ],
)
def test_a_title_becomes_a_file_name(title: str, name: str) -> None:
    assert slug(title) == name


@given(st.text())
def test_any_title_gives_a_name_that_every_file_system_takes(title: str) -> None:
    name = slug(title)
    assert 0 < len(name.encode(errors="surrogatepass")) <= 180
    assert not set(name) & set("/\\.:\x00 \n")
