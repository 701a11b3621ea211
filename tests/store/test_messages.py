"""Messages as rows: what goes in comes out, in order; the schema restates the rules that it can."""

from dataclasses import replace

import pytest

from lsp_orch.domain.message import Message, Pace
from lsp_orch.domain.version import Author
from lsp_orch.store.base import Store
from tests.fixtures.clock import START
from tests.fixtures.engines import Engine

FIRST = Message(
    id="message-1",
    to="s1",
    sender=Author(id="s2", name="Claude Code s2"),
    text="hello\nüber 🙂",
    pace=Pace.SOON,
    shared=False,
    key="k",
    sent_at=START,
    ends_at=START + 1800,
)
SECOND = replace(FIRST, id="message-2", text="again", key="", pace=Pace.NOW, shared=True, sent_at=START + 1)
OTHER = replace(SECOND, to="user:ann", pace=Pace.LATER)


@pytest.fixture(autouse=True)
def sent(store: Store) -> None:
    with store.transaction() as tx:
        for each in (FIRST, SECOND, OTHER):
            tx.messages.insert(each)


def test_what_was_stored_comes_back_in_order_and_in_time(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.messages.of("s1", START) == [FIRST, SECOND]
        assert tx.messages.of("user:ann", START) == [OTHER]
        assert tx.messages.of("s1", START + 1800) == []
        assert tx.messages.by_key("s2", "k") == [FIRST]
        assert tx.messages.by_key("s3", "k") == []


def test_a_post_to_many_counts_once_and_for_its_minute(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.messages.posts("s2", START - 1, START + 1) == 2
        assert tx.messages.posts("s2", START, START + 1) == 1
        assert tx.messages.posts("s2", START - 1, START) == 1  # the clock was set back since
        assert tx.messages.posts("s1", START - 1, START + 1) == 0


def test_what_is_told_stays_told_and_is_expected_until_that_is_certain(store: Store) -> None:
    with store.transaction() as tx:
        tx.messages.tell(replace(FIRST, told_at=START + 5, told_by="door"))
        tx.messages.tell(replace(SECOND, told_at=START + 6))
    with store.transaction() as tx:
        assert [(each.told_at, each.told_by) for each in tx.messages.of("s1", START)] == [
            (START + 5, "door"),
            (START + 6, ""),
        ]
        assert tx.messages.expected(START) == [("s1", Pace.SOON), ("user:ann", Pace.LATER)]
        assert tx.messages.expected(START + 1800) == []


def test_what_is_too_old_is_forgotten_but_for_its_key(store: Store) -> None:
    with store.transaction() as tx:
        tx.messages.forget(START + 1800, START - 1)
        assert tx.messages.by_key("s2", "k") == [FIRST]
        assert tx.messages.by_key("s2", "") == []
        tx.messages.forget(START + 1800, START)
        assert tx.messages.by_key("s2", "k") == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE message SET text = ''",
        "UPDATE message SET to_id = ''",
        "UPDATE message SET sender_id = ''",
        "UPDATE message SET pace = 'someday'",
        "UPDATE message SET shared = 2",
        "UPDATE message SET ends_at = sent_at",
        "UPDATE message SET told_by = 'door'",
        "UPDATE message SET id = 'message-2', to_id = 's1'",
    ],
)
def test_the_schema_refuses_what_is_no_message(engine: Engine, change: str) -> None:
    with pytest.raises(engine.refused):
        engine.sql(change)


def test_the_schema_lets_a_key_send_once(store: Store, engine: Engine) -> None:
    with pytest.raises(engine.refused), store.transaction() as tx:
        tx.messages.insert(replace(FIRST, id="message-3"))
