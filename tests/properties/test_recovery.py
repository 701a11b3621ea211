"""What retention promises is always readable, in any history; and each promise failing on a seeded bug."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from sqlite3 import IntegrityError

import pytest
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.adapters.contents import StoredContents
from lsp_orch.domain import version as rules
from lsp_orch.domain.errors import Refusal, Unavailable
from lsp_orch.domain.lease import Holder
from lsp_orch.domain.settings import Settings
from lsp_orch.domain.version import Author, Content, Version, Why
from lsp_orch.services import recovery as service
from lsp_orch.services.recovery import Recovery, Restored
from lsp_orch.store.base import Tx
from tests.properties.histories import THOROUGH, UNTIL_FOUND
from tests.properties.recovery import RecoveryMachine
from tests.properties.seeds import Seed, method, query

Versions = Sequence[Version]
Gone = tuple[Version, ...]

_expendable, _note, _look = rules.expendable, Recovery._note, StoredContents.look


def test_what_retention_promises_is_always_readable() -> None:
    run_state_machine_as_test(RecoveryMachine, settings=THOROUGH)


def pruned(wrong: Callable[[Gone, Versions], Gone]) -> Seed:
    """Others go than should."""

    def expendable(versions: Versions, now: float, settings: Settings) -> Gone:
        return wrong(_expendable(versions, now, settings), versions)

    return method(service, "expendable", expendable)


def crowded_out(versions: Versions, staying: set[str], most: int) -> set[Content]:
    """The order is another."""
    turned = [replace(each, seen_at=-each.seen_at) for each in versions]
    return RIGHT_CROWDED_OUT(turned, staying, most)


def drop(recovery: Recovery, _: Tx, digests: Iterable[str]) -> None:
    """It is not asked who else has a content."""
    recovery._contents.drop(digests)


def unnamed(gone: Versions, _: Versions) -> tuple[Content, ...]:
    """It is not asked who else has a content, here neither."""
    return tuple(each.content for each in gone if not each.content.absent)


def drop_unnamed(patch: pytest.MonkeyPatch) -> None:
    """Each of the two alone is caught by the other."""
    patch.setattr(Recovery, "drop", drop)
    patch.setattr(service, "unnamed", unnamed)


def note_once(recovery: Recovery, tx: Tx, path: str, content: Content, by: Author, why: Why) -> Version:
    """What a file says later is not noted."""
    return tx.versions.newest(path) or _note(recovery, tx, path, content, by, why)


def note_not_again(recovery: Recovery, tx: Tx, path: str, content: Content, by: Author, why: Why) -> Version:
    """What a file once said is not noted again."""
    known = (each for each in tx.versions.of_path(path) if each.content == content)
    return next(known, None) or _note(recovery, tx, path, content, by, why)


def look(contents: StoredContents, path: str) -> Content | Refusal:
    """Whatever is as long is the same."""
    found = _look(contents, path)
    return replace(found, digest=f"{found.size:064}") if isinstance(found, Content) else found


def restore(recovery: Recovery, tx: Tx, version: Version, by: Holder, *, force: bool) -> Restored | None:
    """What is there now is not asked about."""
    del by, force
    recovery._contents.write(version.path, version.content)
    replaced = tx.versions.newest(version.path)
    recovery._note(tx, version.path, version.content, version.by, version.why)
    return Restored(version=version, replaced=replaced) if replaced else None


def write(contents: StoredContents, path: str, content: Content) -> None:
    """One byte less."""
    Path(path).write_bytes(contents.read(content.digest)[:-1] if content.digest else b"")


RIGHT_CROWDED_OUT = rules._crowded_out
SEEDS: dict[str, Seed] = {
    "the newest are two": method(rules, "NEWEST", 2),
    "the newest are four": method(rules, "NEWEST", 4),
    "the oldest that may go stays": pruned(lambda gone, _: gone[1:]),
    "one more goes": pruned(lambda gone, versions: tuple(dict.fromkeys([*gone, *versions[-1:]]))),
    "all that is not the newest goes": pruned(
        lambda _, versions: tuple(each for each in versions[::-1] if each.id not in rules._newest(versions))
    ),
    "the latest seen goes first": method(rules, "_crowded_out", crowded_out),
    "nothing is too much": method(rules, "_crowded_out", lambda *_: set()),
    "a content goes that others have": drop_unnamed,
    "a content never goes": method(StoredContents, "drop", lambda *_: None),
    "a file is noted once": method(Recovery, "_note", note_once),
    "what it said before is not noted again": method(Recovery, "_note", note_not_again),
    "when it was seen is not stored": query("version.seen", "UPDATE version SET id = :id WHERE :seen_at < 0"),
    "what is as long is the same": method(StoredContents, "look", look),
    "restored without a look": method(Recovery, "restore", restore),
    "not all is written": method(StoredContents, "write", write),
}


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
def test_a_seeded_bug_is_found(seed: Seed, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the machine, by the schema, or by a content that is gone."""
    seed(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError, Unavailable)):
        run_state_machine_as_test(RecoveryMachine, settings=UNTIL_FOUND)
