"""Messages between sessions: sent once, told once, for a while, and never too many."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.events import MessageSent
from lsp_orch.domain.inbox import TRUST_S
from lsp_orch.domain.message import (
    DOOR,
    RATE_S,
    REMEMBERED_S,
    Message,
    Pace,
    Post,
    check,
    fitting,
    line,
    pressing,
)
from lsp_orch.domain.settings import Settings
from lsp_orch.services.ports import Clock, Ids
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """``known``: it was sent before, or waits already in the same words. ``full`` have no room for it."""

    id: str
    to: tuple[str, ...]
    known: tuple[str, ...] = ()
    full: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What is told now, and how pressing that is which may have to be told later."""

    told: tuple[Message, ...] = field(default=())
    left: Pace | None = None


class Messages:
    """Each call is a step inside the caller's transaction; the store is the only memory there is."""

    def __init__(self, clock: Clock, ids: Ids, settings: Settings) -> None:
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def send(self, tx: Tx, post: Post, to: Sequence[str]) -> Sent | Refusal:
        """Send it to each of them.

        Raises:
            Misuse: bad-request, when it cannot be sent, or its key stands for another one.
        """
        check(post)
        now = self._clock.now()
        tx.messages.forget(now, now - REMEMBERED_S)
        if post.key and (before := tx.messages.by_key(post.sender.id, post.key)):
            return _again(post, before)
        if tx.messages.posts(post.sender.id, now - RATE_S, now) >= self._settings.messages_rate:
            return _too_often(self._settings.messages_rate)
        return self._send(tx, post, to, now)

    def take(self, tx: Tx, to: str, room: int, by: str = "", prompt: str = "") -> Mail:
        """What somebody is to be told now, as far as it fits into ``room``; with this answer it is told.

        ``by`` names the call that is answered: the same call, asked again, is told the same. What went
        through the door has been heard when it shows up in the ``prompt``; what does not is told again.
        """
        now = self._clock.now()
        found = [_heard(tx, each, prompt) for each in tx.messages.of(to, now)]
        waiting = [each for each in found if _waits(each, now, by)]
        told = tuple(fitting(waiting, room))
        for each in told:
            tx.messages.tell(replace(each, told_at=now, told_by=by))
        left = [each.pace for each in found if each not in told and _unsure(each)]
        return Mail(told=told, left=pressing(left if by != DOOR else [*left, *(each.pace for each in told)]))

    def take_back(self, tx: Tx, to: str) -> Pace | None:
        """What went through the door did not arrive: it waits again; how pressing it is."""
        back = [each for each in tx.messages.of(to, self._clock.now()) if each.told_by == DOOR]
        for each in back:
            tx.messages.tell(replace(each, told_at=None, told_by=""))
        return pressing(each.pace for each in back)

    def read(self, tx: Tx, to: str, *, told: bool = False) -> tuple[Message, ...]:
        """What waits for somebody, who has read it by that; also what was ``told`` before, if wanted."""
        now = self._clock.now()
        found = tx.messages.of(to, now)
        new = [each for each in found if each.told_at is None]
        for each in new:
            tx.messages.tell(replace(each, told_at=now))
        return tuple(found if told else new)

    def _send(self, tx: Tx, post: Post, to: Sequence[str], now: float) -> Sent | Refusal:
        ttl_s = self._settings.messages_ttl_s
        if post.pace is Pace.NOW:
            ttl_s = self._settings.messages_urgent_ttl_s
        message_id, sent, known, full = self._ids.new("message"), [], [], []
        for each in dict.fromkeys(to):
            waiting = [one for one in tx.messages.of(each, now) if one.told_at is None]
            if same := next((one for one in waiting if _same(one, post)), None):
                message_id = same.id if len(to) == 1 else message_id
                known.append(each)
            elif len(waiting) >= self._settings.messages_most:
                full.append(each)
            else:
                sent.append(each)
                tx.messages.insert(_message(post, message_id, each, now, now + ttl_s))
                tx.announce(MessageSent(to=each, pace=post.pace))
        if full and not sent and not known:
            return _too_many(full, self._settings.messages_most)
        return Sent(id=message_id, to=tuple(sent), known=tuple(known), full=tuple(full))


def _message(post: Post, message_id: str, to: str, now: float, ends_at: float) -> Message:
    return Message(
        id=message_id,
        to=to,
        sender=post.sender,
        text=post.text,
        pace=post.pace,
        shared=post.shared,
        key=post.key,
        sent_at=now,
        ends_at=ends_at,
    )


def _same(message: Message, post: Post) -> bool:
    return (message.sender.id, message.text) == (post.sender.id, post.text)


def _heard(tx: Tx, message: Message, prompt: str) -> Message:
    """It has shown up in the session: that is certain now."""
    if message.told_by != DOOR or line(message) not in prompt:
        return message
    certain = replace(message, told_by="")
    tx.messages.tell(certain)
    return certain


def _waits(message: Message, now: float, by: str) -> bool:
    """Whether it is to be told in an answer to the call ``by``."""
    if message.told_at is None:
        return True
    if message.told_by == DOOR:
        return not 0 <= now - message.told_at < TRUST_S  # clocks are set back, too
    return bool(by) and message.told_by == by


def _unsure(message: Message) -> bool:
    return message.told_at is None or message.told_by == DOOR


def _again(post: Post, before: Sequence[Message]) -> Sent:
    if any(each.text != post.text for each in before):
        raise Misuse(
            Code.BAD_REQUEST,
            f"the key {post.key} was used for another message within the last day",
            "choose a new one for each message",
        )
    return Sent(id=before[0].id, to=(), known=tuple(each.to for each in before))


def _too_often(rate: int) -> Refusal:
    return Refusal(
        code=Code.MESSAGE_TOO_MANY,
        message=f"you have written {rate} messages within a minute, which is the most",
        hint="wait a little, and say more in one message",
    )


def _too_many(full: Sequence[str], most: int) -> Refusal:
    return Refusal(
        code=Code.MESSAGE_TOO_MANY,
        message=f"{most} messages wait for {', '.join(full)} already",
        hint="nothing was sent; wait until some of them are read, or do without an answer",
    )
