"""Which versions may go: never the newest of a path; the too old, and of too much the least lately seen."""

import pytest

from lsp_orch.domain import layers
from lsp_orch.domain.errors import Misuse
from lsp_orch.domain.layers import Source
from lsp_orch.domain.settings import LARGEST_KEPT, Settings
from lsp_orch.domain.version import ABSENT, DAY_S, NEWEST, Version, expendable, unnamed
from tests.fixtures.clock import START
from tests.fixtures.versions import content, version

ROOMY = Settings()
LATER = START + 100


def gone(versions: list[Version], now: float = LATER, settings: Settings = ROOMY) -> list[str]:
    """What goes, by number; the versions are written oldest first."""
    return [each.id.removeprefix("version-") for each in expendable(versions[::-1], now, settings)]


def line(*data: bytes | None, path: str = "/ws/a.py") -> list[Version]:
    return [version(number, each, path) for number, each in enumerate(data)]


def test_what_is_young_and_little_stays() -> None:
    assert gone(line(b"a", b"b", b"c", b"d", b"e")) == []


def test_of_what_is_too_old_the_newest_three_of_each_path_stay() -> None:
    old = [*line(b"a", b"b", b"c", b"d", b"e"), version(9, b"z", "/ws/z.py")]
    assert gone(old, LATER + 14 * DAY_S) == ["0", "1"]
    assert NEWEST == 3


def test_the_age_counts_from_when_it_was_last_seen() -> None:
    versions = [version(0, b"a", seen=50.0), *line(b"a", b"b", b"c", b"d")[1:]]
    assert gone(versions, START + 50 + 14 * DAY_S) == []
    assert gone(versions, START + 51 + 14 * DAY_S) == ["0"]


def test_that_a_file_was_absent_does_not_count_as_one_of_the_newest() -> None:
    versions = line(b"a", b"b", None, b"c", None, b"d", None)
    assert gone(versions, LATER + 14 * DAY_S) == ["0"]


def test_of_too_much_goes_what_was_seen_least_lately_and_no_more_than_must() -> None:
    versions = [
        version(0, b"0" * 10, seen=50.0),
        version(1, b"1" * 10),
        version(2, b"2" * 10),
        *(version(number, bytes([number])) for number in (3, 4, 5)),
    ]
    assert gone(versions, settings=Settings(recover_max_bytes=33)) == []
    assert gone(versions, settings=Settings(recover_max_bytes=32)) == ["1"]
    assert gone(versions, settings=Settings(recover_max_bytes=23)) == ["1"]
    assert gone(versions, settings=Settings(recover_max_bytes=22)) == ["1", "2"]
    assert gone(versions, settings=Settings(recover_max_bytes=1)) == ["0", "1", "2"]


def test_what_is_said_twice_counts_once_and_goes_as_a_whole() -> None:
    versions = line(b"twice", b"other", b"twice", b"1", b"2", b"3")
    assert gone(versions, settings=Settings(recover_max_bytes=13)) == []
    assert gone(versions, settings=Settings(recover_max_bytes=12)) == ["1"]
    assert gone(versions, settings=Settings(recover_max_bytes=7)) == ["0", "1", "2"]


def test_nothing_goes_in_vain() -> None:
    """What one of the newest says too, and what has no bytes, would free nothing."""
    versions = line(b"same", b"", None, b"1", b"2", b"same")
    assert gone(versions, settings=Settings(recover_max_bytes=1)) == []


def test_what_goes_comes_oldest_first() -> None:
    many = line(*(b"%d" % number for number in range(9)))
    assert gone(many, LATER + 14 * DAY_S) == ["0", "1", "2", "3", "4", "5"]


def test_a_content_is_unnamed_when_its_last_version_goes() -> None:
    versions = line(b"a", b"b", b"a", None)
    assert unnamed(versions[:1], versions) == ()
    assert unnamed(versions[:2], versions) == (content(b"b"),)
    assert unnamed(versions, versions) == (content(b"a"), content(b"b"))


def test_absent_is_no_content_and_an_empty_file_is_one() -> None:
    assert ABSENT.absent
    assert not content(b"").absent


@pytest.mark.parametrize("key", ["recover.days", "recover.max_bytes", "recover.max_file_bytes"])
def test_what_is_kept_is_the_persons_to_say_and_not_a_checkouts(key: str) -> None:
    with pytest.raises(Misuse, match="yours to set"):
        layers.parse(key, 1, Source.WORKSPACE, "here")
    with pytest.raises(Misuse, match=f"{key} must be"):
        layers.parse(key, 0, Source.USER, "here")


def test_a_file_that_no_message_can_carry_is_never_kept() -> None:
    with pytest.raises(Misuse, match="which one message can carry"):
        layers.parse("recover.max_file_bytes", LARGEST_KEPT + 1, Source.USER, "here")
