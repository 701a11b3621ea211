"""News for two sessions and a subagent, in any order; what each of them was told, and what it must be."""

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lsp_orch.domain import inbox as rules
from lsp_orch.domain.inbox import FENCE, Inbox
from tests.fixtures.clock import START

HOLDERS = ("s1", "s1/sub", "s2")
MOST, TTL_S, TRUST_S = rules.MOST, rules.TTL_S, rules.TRUST_S  # as they are when no bug is seeded
LONG = 900  # characters of a long piece: a dozen of them do not fit into one answer

holders = st.sampled_from(("s1", "s1", "s1", *HOLDERS))  # most of it happens to one


@dataclass
class News:
    """A piece as the test knows it."""

    text: str
    at: float
    wake: bool
    sent_at: float | None = None


class InboxMachine(RuleBasedStateMachine):
    """What was put is told once, in order and in time, or counted as dropped; nothing else is told."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox = Inbox()
        self.now = START
        self.number = 0
        self.waiting: dict[str, list[News]] = {each: [] for each in HOLDERS}
        self.dropped = dict.fromkeys(HOLDERS, 0)
        self.told: set[str] = set()
        self.flying: dict[str, str] = {}  # what a door has, by holder

    @rule(holder=holders, count=st.sampled_from((1, 1, 2, 30)), long=st.booleans(), wake=st.booleans())
    def something_happens(self, holder: str, count: int, long: bool, wake: bool) -> None:  # noqa: FBT001 - hypothesis names it
        for _ in range(count):
            self.number += 1
            text = f"news {self.number} {'x' * LONG if long else ''}".strip()
            self.alive(holder).append(News(text, self.now, wake))
            self.inbox.put(holder, text, self.now, wake=wake)
            if len(self.waiting[holder]) > MOST:
                del self.waiting[holder][0]
                self.dropped[holder] += 1

    @precondition(lambda self: any(self.waiting.values()))
    @rule(holder=holders)
    def it_happens_again(self, holder: str) -> None:
        for each in self.alive(holder)[:1]:
            self.inbox.put(holder, each.text, self.now)

    @rule(holder=holders, room=st.sampled_from((400, 3000, 10_000)))
    def an_event_comes(self, holder: str, room: int) -> None:
        self.inbox.heard(holder, "news 1 is what I, the user, want to know")
        due = [each for each in self.alive(holder) if not self.on_its_way(each)]
        answer = self.inbox.take(holder, self.now, room)
        self.check(holder, answer, due, room)
        self.waiting[holder] = [each for each in self.waiting[holder] if each.text not in self.told]

    @rule(holder=holders)
    def a_door_is_tried(self, holder: str) -> None:
        due = [each for each in self.alive(holder) if each.sent_at is None]
        prompt = self.inbox.send(holder, self.now)
        said = lines(prompt)
        assert said == [each.text for each in due][: len(said)], "out of order"
        assert said or not due, "lost"
        for each in due[: len(said)]:
            each.sent_at = self.now
        if prompt:
            self.flying[holder] = prompt
            self.dropped[holder] = 0

    @precondition(lambda self: self.flying)
    @rule(holder=holders)
    def it_arrives(self, holder: str) -> None:
        prompt = self.flying.pop(holder, "")
        sent = [each for each in self.waiting[holder] if each.text in lines(prompt) and self.on_its_way(each)]
        if sent:
            self.inbox.heard(holder, prompt)
            self.tell(each.text for each in sent)
            self.waiting[holder] = [each for each in self.waiting[holder] if each not in sent]

    @precondition(lambda self: self.flying)
    @rule(holder=holders)
    def the_door_is_shut(self, holder: str) -> None:
        if self.flying.pop(holder, ""):
            self.inbox.unsent(holder)
            for each in self.waiting[holder]:
                each.sent_at = None

    @rule(seconds=st.sampled_from((1.0, 11.0, 11.0, 11.0, 600.0, 1801.0, -60.0)))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(session=st.sampled_from(("s1", "s2")))
    def a_session_ends(self, session: str) -> None:
        self.inbox.end(session)
        for each in HOLDERS:
            if each.partition("/")[0] == session:
                self.waiting[each].clear()
                self.dropped[each] = 0
                self.flying.pop(each, None)

    @invariant()
    def it_is_bounded(self) -> None:
        assert len(self.inbox) <= MOST * len(HOLDERS), "too many"

    def check(self, holder: str, answer: str, due: list[News], room: int) -> None:
        assert len(answer) <= room, "too long"
        said = lines(answer)
        assert said == [each.text for each in due][: len(said)], "out of order"
        rest = due[len(said) :]
        fits = room - len(answer or " " * 200) - 120  # the fence, and the line about those that were dropped
        assert not rest or len(rest[0].text) > fits, "lost"
        self.tell(said)
        if said:
            assert (f"({self.dropped[holder]} older" in answer) == bool(self.dropped[holder]), (
                "dropped in secret"
            )
            self.dropped[holder] = 0

    def tell(self, said: Iterable[str]) -> None:
        for text in said:
            assert text not in self.told, "told twice"
            self.told.add(text)

    def alive(self, holder: str) -> list[News]:
        """What is not too old; the inbox, too, looks at all boxes whenever it is asked."""
        wakes = self.inbox.wakes(holder, self.now)
        for each, news in self.waiting.items():
            kept = [one for one in news if self.now - one.at < TTL_S]
            if news and not kept:
                self.dropped[each] = 0  # what was dropped is older still
            self.waiting[each] = kept
        waiting = self.waiting[holder]
        assert wakes == any(one.wake and one.sent_at is None for one in waiting), "somebody sleeps through it"
        return waiting

    def on_its_way(self, news: News) -> bool:
        return news.sent_at is not None and 0 <= self.now - news.sent_at < TRUST_S


def lines(answer: str) -> list[str]:
    """The pieces in an answer."""
    if not answer:
        return []
    first, _, *rest, last = answer.splitlines()
    assert (first, last) == (f"<{FENCE}>", f"</{FENCE}>")
    return [each.removeprefix("- ") for each in rest if not each.startswith("- (")]
