"""Questions: any text is one, and full-text syntax in it means nothing."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.domain.words import MOST_WORDS, excerpt, question


def test_content_words_are_quoted_and_joined_by_or() -> None:
    asked = question("Why does the Parser keep its file open?")
    assert asked.words == ("parser", "keep", "file", "open")
    assert asked.any_word == '"parser" OR "keep" OR "file" OR "open"'


def test_only_true_neighbours_make_a_phrase() -> None:
    assert question("the file lock of the daemon").phrases == '"file lock"'


def test_names_in_code_are_found_by_their_parts() -> None:
    assert question("noteIndexFile vault_path HTTPServer2").words == (
        *("noteindexfile", "note", "index", "file"),
        *("vault", "path"),
        *("httpserver2", "http", "server", "2"),
    )


def test_punctuation_asks_for_nothing() -> None:
    asked = question('"*() AND ^ : - NEAR/3 "" \x00')
    assert (asked.words, asked.any_word) == (("near", "3"), '"near" OR "3"')
    assert question("?!*").any_word == ""


def test_a_long_question_is_cut() -> None:
    assert len(question(" ".join(f"w{number}" for number in range(50_000))).words) == MOST_WORDS


@given(st.text(), st.lists(st.text(min_size=1)), st.integers(10, 200))
def test_an_excerpt_is_one_line_that_fits(text: str, words: list[str], width: int) -> None:
    cut = excerpt(text, words, width)
    assert len(cut) <= width
    assert len(cut.splitlines()) <= 1


def test_an_excerpt_shows_the_first_word_that_was_asked_for() -> None:
    assert "needle" in excerpt("hay " * 200 + "needle " + "hay " * 200, ["needle"])
