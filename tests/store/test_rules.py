"""The database restates the rules: what the services must never do is impossible below them too."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lsp_orch.domain.lease import Lease, Mode, State
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.store.sqlite import SqliteStore
from tests.fixtures.clock import START
from tests.fixtures.leases import WORKSPACE, agent, ask, file, lease

HELD = lease(agent("a"), "x.py", "y.py", token=1)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    store = SqliteStore()
    with store.transaction() as tx:
        tx.leases.insert(HELD)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("second", "rule"),
    [
        (lease(agent("b"), "y.py", token=2), "UNIQUE constraint failed: lease_scope"),
        (
            replace(lease(agent("b"), token=2), scopes=(Scope(Kind.DIR, WORKSPACE),)),
            "something in the folder",
        ),
        (replace(lease(agent("b"), "z.py"), id="lease-2"), "UNIQUE constraint failed: lease.token"),
        (replace(lease(agent("b"), "z.py", token=2), ttl_s=0.0), "ttl_s > 0"),
        (replace(lease(agent("b"), "z.py", token=2), expires_at=None), "state = 'dirty'"),
    ],
    ids=["a second writer", "the folder around it", "a token used twice", "no time at all", "held for ever"],
)
def test_the_database_refuses(store: SqliteStore, second: Lease, rule: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=rule), store.transaction() as tx:
        tx.leases.insert(second)
    with store.transaction() as tx:
        assert tx.leases.live() == [HELD]
        assert tx.leases.touching([file("z.py")]) == []


def test_readers_share_what_only_one_may_write(store: SqliteStore) -> None:
    with store.transaction() as tx:
        tx.leases.insert(lease(agent("b"), "z.py", token=2, mode=Mode.READ))
        tx.leases.insert(lease(agent("c"), "z.py", token=3, mode=Mode.READ))
        assert len(tx.leases.touching([file("z.py")])) == 2


def test_a_person_may_hold_an_unsaved_buffer_without_end(store: SqliteStore) -> None:
    unsaved = replace(lease(agent("b"), "z.py", token=2), state=State.DIRTY, expires_at=None)
    with store.transaction() as tx:
        tx.leases.insert(unsaved)
        assert tx.leases.by_id(unsaved.id) == unsaved


def test_nothing_of_an_ended_lease_stays_in_the_way(store: SqliteStore) -> None:
    with store.transaction() as tx:
        tx.leases.delete(HELD)
        tx.leases.insert(lease(agent("b"), "x.py", token=2))
    assert store._db.execute("SELECT COUNT(*) FROM lease_scope").fetchone() == (1,)


def test_a_place_in_the_queue_is_never_given_again(store: SqliteStore) -> None:
    with store.transaction() as tx:
        first = tx.waiters.insert("ticket-1", ask(agent("b"), "x.py"), START, START + 1)
        tx.waiters.delete(first)
        second = tx.waiters.insert("ticket-2", ask(agent("c"), "x.py"), START, START + 1)
    assert second.place > first.place
    assert store._db.execute("SELECT waiter_id FROM waiter_scope").fetchall() == [("ticket-2",)]


def test_a_token_is_never_given_again_whatever_has_ended(store: SqliteStore) -> None:
    with store.transaction() as tx:
        first = tx.leases.next_token()
        tx.leases.delete(HELD)
        assert tx.leases.next_token() > first
        assert tx.leases.fence(file("x.py")) == HELD.token


@pytest.mark.parametrize("inside", [file("sub/x.py"), file("sub"), Scope(Kind.GLOB, f"{WORKSPACE}/sub/*")])
def test_what_lies_in_a_held_folder_belongs_to_its_holder(store: SqliteStore, inside: Scope) -> None:
    folder = replace(lease(agent("b"), token=2), scopes=(Scope(Kind.DIR, f"{WORKSPACE}/sub"),))
    with store.transaction() as tx:
        tx.leases.insert(folder)
        tx.leases.insert(replace(lease(agent("b"), token=3), scopes=(inside,)))
    other = replace(lease(agent("c"), token=4), scopes=(inside,))
    with pytest.raises(sqlite3.IntegrityError, match=r"has the folder|UNIQUE"), store.transaction() as tx:
        tx.leases.insert(other)
