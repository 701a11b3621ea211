"""Keys and what may be pruned, on each engine."""

from dataclasses import replace

import pytest

from lsp_orch.domain.keys import Known, Request
from lsp_orch.domain.prune import Candidate
from lsp_orch.domain.task import State
from lsp_orch.store.base import Store
from tests.fixtures.engines import Engine
from tests.fixtures.tasks import a_task

ASKED = Request(scope="/w", key="k", method="task.add", digest="d")


def test_a_key_is_known_in_its_scope_until_it_is_forgotten(store: Store) -> None:
    with store.transaction() as tx:
        tx.keys.insert(ASKED, ("task-1", "task-2"), 10.0)
        known = Known(method="task.add", digest="d", answer=("task-1", "task-2"))
        assert tx.keys.known("/w", "k") == known
        assert tx.keys.known("/other", "k") is None
        tx.keys.forget(9.0)
        assert tx.keys.known("/w", "k") == known
        tx.keys.forget(10.0)
        assert tx.keys.known("/w", "k") is None


def test_a_key_is_known_once(store: Store, engine: Engine) -> None:
    with store.transaction() as tx:
        tx.keys.insert(ASKED, ("task-1",), 1.0)
    with pytest.raises(engine.refused, match=r"(?i)UNIQUE"), store.transaction() as tx:
        tx.keys.insert(ASKED, ("task-1",), 2.0)


def test_who_falls_is_found_over_any_distance(store: Store, engine: Engine) -> None:
    tasks = {"a": (), "b": ("a",), "c": ("b",), "d": ("c",), "e": ("d",), "f": ("a", "c")}
    with store.transaction() as tx:
        for name, after in tasks.items():
            tx.tasks.insert(replace(a_task(State.PENDING), id=name, after=after))
    engine.sql("UPDATE task SET on_dead = 'cascade' WHERE id NOT IN ('d', 'f')")
    with store.transaction() as tx:
        assert tx.chains.falling("a") == {"b": "a", "c": "b"}
        assert tx.chains.falling("d") == {"e": "d"}
        assert tx.chains.falling("e") == {}


def test_what_may_be_pruned_is_seen_with_all_that_counts(store: Store, engine: Engine) -> None:
    with store.transaction() as tx:
        for name, after in (("a", ()), ("b", ("a",)), ("c", ("b",)), ("d", ())):
            tx.tasks.insert(
                replace(a_task(State.PENDING), id=name, after=after, key="k" if name in "ad" else "")
            )
    engine.sql("UPDATE task SET state = 'cancelled', finished_at = 7 WHERE id = 'a'")
    engine.sql("UPDATE task SET created_at = 3, next_attempt_at = 5 WHERE id = 'c'")
    base = Candidate(id="", state=State.PENDING, priority=2, workspace="/w", touched=0.0)
    with store.transaction() as tx:
        assert tx.prunes.candidates() == [
            replace(base, id="a", state=State.CANCELLED, touched=7.0, superseded_by="d", awaited=True),
            replace(base, id="b", awaited=True),
            replace(base, id="c", touched=5.0, stuck=True),
            replace(base, id="d"),
        ]
        assert [each.id for each in tx.prunes.candidates("c")] == ["c"]
    engine.sql("UPDATE task SET state = 'ready' WHERE id = 'd'")
    engine.force("UPDATE task SET state = 'running', engaged = 1, session_id = 's' WHERE id = 'd'")
    with store.transaction() as tx:
        assert tx.prunes.candidates("d") == []
