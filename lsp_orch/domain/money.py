"""How much may still be spent: a day and a chain of tasks have caps; what runs has reserved its part."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

DAY_S = 86_400.0


class Cap(StrEnum):
    """What there is a cap for; the words are stable."""

    DAY = "day-cap"  # all that ended in one day of UTC
    CHAIN = "chain-cap"  # all tasks that wait for each other, in any direction, over all their time


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """``cap_usd`` 0 means none. What runs has ``reserved`` all that it may cost, until it has ended."""

    cap_usd: float
    spent_usd: float = 0.0
    reserved_usd: float = 0.0

    @property
    def left_usd(self) -> float:
        """What may still be given away."""
        return self.cap_usd - self.spent_usd - self.reserved_usd

    def allows(self, usd: float) -> bool:
        """Whether something that may cost so much can begin."""
        return not self.cap_usd or usd <= self.left_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """Why something cannot begin; ``until`` is when it can, if time alone helps.

    ``over`` when it cannot though nothing runs: then it is worth a notice. ``all`` when those behind it wait,
    too: what is cheap does not overtake what is dear, but what can never begin is passed by.
    """

    cap: Cap
    reason: str
    until: float | None
    over: bool
    all: bool


def day(now: float) -> float:
    """When the day of UTC began in which ``now`` is."""
    return now - now % DAY_S


def short(usd: float, day_purse: Purse, chain_purse: Purse, now: float) -> Short | None:
    """What is against a task that may cost ``usd`` and wants to begin."""
    if not day_purse.allows(usd):
        over = usd > day_purse.cap_usd - day_purse.spent_usd
        ever = usd <= day_purse.cap_usd
        return Short(
            cap=Cap.DAY,
            reason=_words("the day", "tasks.day_usd", usd, day_purse),
            until=day(now) + DAY_S if ever else None,
            over=over,
            all=ever,
        )
    if not chain_purse.allows(usd):
        over = usd > chain_purse.cap_usd - chain_purse.spent_usd
        reason = _words("its chain of tasks", "tasks.chain_usd", usd, chain_purse)
        return Short(cap=Cap.CHAIN, reason=reason, until=None, over=over, all=False)
    return None


def _words(what: str, setting: str, usd: float, purse: Purse) -> str:
    if usd > purse.cap_usd:
        return f"it may cost ${usd:.2f}, more than {setting} allows at all (${purse.cap_usd:.2f})"
    reserved = f" and ${purse.reserved_usd:.2f} reserved by what runs" if purse.reserved_usd else ""
    return (
        f"it may cost ${usd:.2f}; of the ${purse.cap_usd:.2f} of {what} ({setting}) ${purse.spent_usd:.2f}"
        f" are spent{reserved}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What people are told, once of each ``about``: a day, or the task that was stopped."""

    cap: Cap
    about: str
    words: str
    told_at: float
    until: float | None = None


def notice(short: Short, about: str, now: float) -> Notice:
    """What people are told when a cap stops the queue."""
    when = "" if short.until is None else f", or it goes on by itself in {_hours(short.until - now)}"
    return Notice(
        cap=short.cap,
        about=date(now) if short.all else about,
        words=f"{short.reason}; raise the setting{when}",
        told_at=now,
        until=short.until,
    )


def date(now: float) -> str:
    """The day of UTC, as 2026-11-28."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def _hours(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 - an hour
