"""What daemons tell each other, and what they make of it: afterwards all of them know the same."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.domain import hearsay
from lsp_orch.domain.events import (
    Event,
    Heard,
    LeaseChanged,
    LeaseEnded,
    LeaseGranted,
    TaskChanged,
    WaiterGone,
    WaiterQueued,
)
from lsp_orch.domain.grants import Waiter
from lsp_orch.domain.hearsay import Note
from lsp_orch.domain.lease import Lease, State
from lsp_orch.endpoints.view import LeaseView
from tests.fixtures.clock import START
from tests.fixtures.leases import agent, ask, lease


def waiter(number: int, who: str = "w", *names: str) -> Waiter:
    return Waiter(
        id=f"ticket-{number}",
        place=number,
        ask=ask(agent(who), *names or ("x",)),
        since=START,
        expires_at=None,
    )


def made(heard: Heard, leases: Sequence[Lease] = (), waiters: Sequence[Waiter] = ()) -> list[Event]:
    return list(hearsay.events(heard, leases, waiters))


A, B = lease(agent("a"), "x", token=1), lease(agent("w"), "x", token=2)
W = waiter(1)


def test_a_release_that_grants_is_an_end_and_a_grant_by_ticket() -> None:
    heard = Heard(leases=(B,), missing=frozenset({A.id, W.id}), why={A.id: "released"})
    assert made(heard, [A], [W]) == [
        LeaseEnded(lease=A, why="released"),
        LeaseGranted(lease=B, ticket=W.id),
    ]


def test_what_was_never_known_and_is_gone_is_nothing() -> None:
    assert made(Heard(missing=frozenset({A.id, W.id}))) == []


def test_a_wait_that_was_met_and_is_over_already_is_at_least_over() -> None:
    heard = Heard(missing=frozenset({A.id, B.id, W.id}))
    assert made(heard, [A], [W]) == [LeaseEnded(lease=A, why="unknown"), WaiterGone(waiter=W, why="unknown")]


def test_a_withdrawal_is_no_grant_whatever_its_holder_has() -> None:
    heard = Heard(missing=frozenset({W.id}), why={W.id: "withdrawn"})
    assert made(heard, [B], [W]) == [WaiterGone(waiter=W, why="withdrawn")]


def test_a_wait_that_another_lease_has_met_is_granted_that_one() -> None:
    assert made(Heard(missing=frozenset({W.id})), [B], [W]) == [LeaseGranted(lease=B, ticket=W.id)]


def test_what_is_known_as_it_is_makes_no_news() -> None:
    assert made(Heard(leases=(A,), waiters=(W,)), [A], [W]) == []
    saved = replace(A, state=State.STOPPED)
    assert made(Heard(leases=(saved,)), [A], [W]) == [LeaseChanged(lease=saved)]


def test_who_is_new_in_the_queue_and_which_task_has_changed_is_passed_on() -> None:
    task = TaskChanged(id="task-1", state="done")
    assert made(Heard(waiters=(W,), tasks=(task,)), [A]) == [WaiterQueued(waiter=W), task]


STATES = st.lists(
    st.builds(
        lambda token, who, name, state: replace(lease(agent(who), name, token=token), state=state),
        token=st.integers(1, 6),
        who=st.sampled_from("ab"),
        name=st.sampled_from("xyz"),
        state=st.sampled_from([State.HELD, State.STOPPED]),
    ),
    unique_by=lambda each: each.token,
)
QUEUES = st.lists(
    st.builds(waiter, st.integers(1, 6), st.sampled_from("ab"), st.sampled_from("xyz")),
    unique_by=lambda each: each.place,
)


@given(before=STATES, queue_before=QUEUES, now=STATES, queue_now=QUEUES)
def test_whatever_was_missed_a_look_at_the_whole_store_makes_up_for_it(
    before: list[Lease], queue_before: list[Waiter], now: list[Lease], queue_now: list[Waiter]
) -> None:
    view = LeaseView(before, queue_before)
    heard = Heard(leases=tuple(now), waiters=tuple(queue_now), whole=True)
    decided = []
    for event in made(heard, view.leases(), view.waiters()):
        view.on_event(event)
        if isinstance(event, LeaseGranted) and event.ticket:
            decided.append(event.ticket)
        if isinstance(event, WaiterGone):
            decided.append(event.waiter.id)
    assert {each.id: each for each in view.leases()} == {each.id: each for each in now}
    there = {each.id for each in queue_now}
    assert {each.id for each in view.waiters()} == there
    assert sorted(decided) == sorted({each.id for each in queue_before} - there)


EVENTS: list[Event] = [
    LeaseGranted(lease=B, ticket=W.id),
    LeaseChanged(lease=A),
    LeaseEnded(lease=A, why="released"),
    WaiterQueued(waiter=W),
    WaiterGone(waiter=W, why="died"),
    TaskChanged(id="task-1", state="done"),
    Heard(leases=(A,), whole=True),
]


def test_every_event_is_told_by_name_and_what_was_heard_is_not_told_again() -> None:
    [message] = hearsay.told("me", EVENTS)
    assert hearsay.understood(message, "you") == [
        Note(kind="lease", id=B.id),
        Note(kind="waiter", id=W.id),
        Note(kind="lease", id=A.id),
        Note(kind="lease", id=A.id, word="released"),
        Note(kind="waiter", id=W.id, word="died"),
        Note(kind="task", id="task-1", word="done"),
    ]
    assert hearsay.understood(message, "me") == []
    assert hearsay.told("me", [EVENTS[-1]]) == []


def test_a_message_is_never_too_long_and_loses_nothing() -> None:
    many = [LeaseEnded(lease=lease(agent("a"), "x", token=each), why="expired") for each in range(2000)]
    messages = hearsay.told("0123456789abcdef", many)
    assert len(messages) > 1
    assert all(len(each.encode()) < 8000 for each in messages)
    told = [note.id for each in messages for note in hearsay.understood(each, "")]
    assert told == [each.lease.id for each in many]


@pytest.mark.parametrize(
    "message",
    [
        *("", "{", "[]", "3", '"x"', "{}", '{"from": 1}', '{"from": "x", "notes": 3}'),
        *(json.dumps({"from": "x", "notes": notes}) for notes in ([1], [["lease"]], None)),
    ],
)
def test_what_somebody_else_says_on_the_channel_is_nothing(message: str) -> None:
    assert hearsay.understood(message, "me") == []
