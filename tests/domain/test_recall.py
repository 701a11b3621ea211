"""Ranking: coverage decides, the nearer note wins a tie, and a small vault can judge too."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.domain.recall import Match, Matches, about, lineage, rank, stem, worth
from lsp_orch.domain.settings import Settings

THRESHOLD = Settings().vault_threshold


def match(key: int, text: float = 1.0, *words: str, personal: bool = False, phrase: float = 0.0) -> Match:
    return Match(key=key, personal=personal, text=text, phrase=phrase, words=frozenset(words))


def test_the_note_that_covers_more_of_the_question_wins() -> None:
    ranked = rank(
        Matches(found=(match(1, 1.0, "a"), match(2, 1.0, "a", "b")), frequency={"a": 2, "b": 1}, total=9)
    )
    assert [each.key for each in ranked] == [2, 1]
    assert ranked[0].coverage == 1.0


def test_neighbours_found_as_neighbours_count() -> None:
    ranked = rank(Matches(found=(match(1), match(2, phrase=1.0)), frequency={"a": 2}, total=9))
    assert [(each.key, each.score) for each in ranked] == [(2, 1.4), (1, 1.0)]


def test_the_nearer_note_wins_a_tie() -> None:
    ranked = rank(Matches(found=(match(1, personal=True), match(2)), frequency={"a": 2}, total=2))
    assert [each.key for each in ranked] == [2, 1]


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    found = Matches(
        found=(match(1, 1.0, "common"), match(2, 1.0, "rare")),
        frequency={"common": 900, "rare": 1},
        total=1000,
    )
    assert [each.key for each in rank(found)] == [2, 1]
    assert [each.key for each in worth(rank(found), 0.5)] == [2]


def test_the_only_note_of_a_vault_passes_when_it_holds_half_of_the_question() -> None:
    found = Matches(found=(match(1, 1.0, "a", "b"),), frequency={"a": 1, "b": 1, "c": 0, "d": 0}, total=1)
    assert len(worth(rank(found), THRESHOLD)) == 1


def test_one_word_of_many_is_not_worth_it() -> None:
    found = Matches(found=(match(1, 99.0, "a"),), frequency={"a": 1, "b": 0, "c": 0, "d": 0}, total=1)
    assert worth(rank(found), THRESHOLD) == ()


def test_a_note_is_about_its_file_its_folder_and_its_glob() -> None:
    assert about("src/a.py", "src/a.py")
    assert about("src/", "src/a.py")
    assert about("src/deep/a.py", "src")
    assert about("src/*.py", "src/a.py")
    assert about("*.md", "README.md")
    assert not about("src", "srcs/a.py")
    assert not about("src/*.py", "src/a.md")


paths = st.lists(st.sampled_from(["a", "b", "*", "a?", "[ab]", "a.py", "**"]), min_size=1, max_size=4).map(
    "/".join
)
plain = st.lists(st.sampled_from(["a", "b", "ab", "a.py"]), min_size=1, max_size=4).map("/".join)


@given(paths, plain)
def test_the_index_hands_over_every_note_that_is_about_a_path(noted: str, asked: str) -> None:
    """The index finds notes by ``stem``; the rule itself is ``about``."""
    if about(noted, asked):
        root = stem(noted)
        assert root in lineage(asked) or root.startswith(f"{asked}/")
