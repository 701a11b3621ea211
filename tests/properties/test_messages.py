"""What messages promise, over random histories with kills, and each promise failing on a seeded bug."""

import os
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lsp_orch.domain import inbox, message
from lsp_orch.endpoints import mail
from lsp_orch.endpoints.rpc import messages as rpc
from lsp_orch.services import messages as service
from lsp_orch.services.messages import Messages
from lsp_orch.store.messages import MessageTable
from tests.properties.messages import SETTINGS, MessageMachine

THOROUGH = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
UNTIL_FOUND = settings(THOROUGH, max_examples=400, derandomize=True, phases=[Phase.generate])

Seed = Callable[[pytest.MonkeyPatch], None]


def test_messages_keep_every_promise_in_any_history() -> None:
    run_state_machine_as_test(MessageMachine, settings=THOROUGH)


def method(owner: object, name: str, wrong: Callable[..., object]) -> Seed:
    """A function that does something else."""
    return lambda patch: patch.setattr(owner, name, wrong)


def told_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MessageTable, "tell", lambda *_: None)


def kept_in_memory_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MessageTable, "expected", lambda *_: [])


def kept_for_ever(patch: pytest.MonkeyPatch) -> None:
    right = MessageTable.of
    patch.setattr(MessageTable, "of", lambda self, to, _: right(self, to, 0.0))
    patch.setattr(MessageTable, "forget", lambda *_: None)


def urgent_for_as_short(patch: pytest.MonkeyPatch) -> None:
    short = replace(SETTINGS, messages_urgent_ttl_s=SETTINGS.messages_ttl_s)
    right = Messages.__init__
    patch.setattr(Messages, "__init__", lambda self, clock, ids, _: right(self, clock, ids, short))


def one_more(patch: pytest.MonkeyPatch) -> None:
    more = replace(SETTINGS, messages_most=SETTINGS.messages_most + 1)
    right = Messages.__init__
    patch.setattr(Messages, "__init__", lambda self, clock, ids, _: right(self, clock, ids, more))


def echoed(patch: pytest.MonkeyPatch) -> None:
    right = rpc.MessageMethods._author
    patch.setattr(
        rpc.MessageMethods, "_author", lambda self, caller: replace(right(self, caller), id=caller.name)
    )


def hint_lost(patch: pytest.MonkeyPatch) -> None:
    """What came while the store was asked is forgotten with the answer."""
    right = mail.Mail.note
    patch.setattr(mail.Mail, "note", lambda self, to, pace: right(self, to, pace) if pace else None)
    patch.setattr(service, "pressing", lambda _: None)


WRONG = "told twice|lost|sleeps|too many|repeat|who was sent it"  # whichever comes to light first

SEEDS: list[tuple[str, Seed, str]] = [
    ("told twice", told_again, WRONG),
    ("told twice after the door", method(service, "_heard", lambda _, each, __: each), WRONG),
    ("told twice to a retry of another call", method(service, "_waits", lambda *_: True), "told twice"),
    ("lost with the daemon", kept_in_memory_only, WRONG),
    ("lost with the answer", method(service, "_waits", lambda each, *_: each.told_at is None), WRONG),
    ("lost behind what fits", hint_lost, WRONG),
    ("kept for ever", kept_for_ever, WRONG),
    ("urgent no longer", urgent_for_as_short, WRONG),
    ("one more than the most", one_more, "too many"),
    ("a repeat is told", method(service, "_same", lambda *_: False), "repeat|too-many"),
    ("a key is used twice", method(MessageTable, "by_key", lambda *_: []), "told twice|UNIQUE|repeat"),
    ("no rate", method(MessageTable, "posts", lambda *_: 0), "too often|too many"),
    ("an own broadcast comes back", echoed, WRONG),
    ("nobody is woken", method(mail.Mail, "pace", lambda *_: None), "sleeps"),
    (
        "the fence is left",
        lambda patch: patch.setattr(inbox, "_TAG", re.compile("never")),
        "the fence is left",
    ),
    ("a second line", method(message, "one_line", lambda text, _: text), "the fence is left|forged"),
    (
        "out of order",
        method(service, "fitting", lambda all_, room: list(message.fitting(all_, room))[::-1]),
        "order",
    ),
]


@pytest.mark.parametrize(("seed", "told"), [each[1:] for each in SEEDS], ids=[each[0] for each in SEEDS])
def test_a_seeded_bug_is_found(seed: Seed, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)
    with pytest.raises(Exception, match=told):
        run_state_machine_as_test(MessageMachine, settings=UNTIL_FOUND)
