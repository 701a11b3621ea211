"""Taking a lock and letting it go: by one client, and by many at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from locks import agent_mail, echo, etcd, redis, sqlite
from locks.duel import OURS, duel
from locks.install import Missing
from locks.ours import Ours
from locks.wire import Crowd, crowd, sample
from report import Absent, Row, compare
from stage import Stage
from turns import Sampler

_WHAT = "acquire + release, one client"
_CLIENTS = 64
_CROWD = f"{_CLIENTS} clients at once, time a pair"
_SECONDS = 1.5  # of each turn of the crowd
_TURNS = 8
_FEWER = 1 / 1.2  # of the time a pair: as many more of them a second


def run(place: Stage) -> list[Row | Absent]:
    """Our clients and those of Redis are bytes that were made before; who speaks HTTP is asked over HTTP."""
    ours = partial(sample, Ours(place.repository))
    return [
        duel(_WHAT, 1.0, ours, redis.NAME, lambda: _redis(place)),
        duel(_WHAT, 2.0, ours, sqlite.NAME, lambda: sqlite.opened(place.root / "sqlite")),
        duel(_WHAT, 0.25, ours, etcd.NAME, lambda: etcd.serving(place.root / "etcd"), samples=20),
        duel(
            _WHAT,
            0.01,
            ours,
            agent_mail.NAME,
            lambda: agent_mail.serving(place.root / "mail"),
            rounds=6,
            samples=6,
        ),
        *_crowds(place),
    ]


@contextmanager
def _redis(place: Stage) -> Iterator[Sampler]:
    with redis.serving(place.root / "redis") as socket:
        yield partial(sample, redis.Redis(socket))


def _crowds(place: Stage) -> list[Row | Absent]:
    """Many more pairs a second than one client has, as they share their commits; and none is left behind.

    What a daemon on asyncio could do at best, which only echoes, is measured beside them.
    """
    own = "its own median"
    clients = [Ours(place.repository) for _ in range(_CLIENTS)]
    ours: list[Crowd] = []
    least: list[Crowd] = []
    theirs: list[Crowd] = []
    against: list[Row | Absent]
    try:
        with redis.serving(place.root / "redis-crowd") as socket, echo.serving(place) as floor:
            others = [redis.Redis(socket) for _ in range(_CLIENTS)]
            echoes = [echo.Echo(floor) for _ in range(_CLIENTS)]
            for _ in range(_TURNS):
                ours.append(crowd(clients, _SECONDS))
                theirs.append(crowd(others, _SECONDS))
                least.append(crowd(echoes, _SECONDS))
    except Missing as error:
        against = [Absent(what=_CROWD, against=redis.NAME, target=_FEWER, why=str(error))]
        ours = [crowd(clients, _SECONDS) for _ in range(_TURNS)]
    else:
        crowds = {OURS: ours, redis.NAME: theirs, echo.NAME: least}
        rounds = {name: [each.each for each in found] for name, found in crowds.items()}
        against = [
            compare(_CROWD, _FEWER, rounds, ours=OURS, theirs=redis.NAME),
            compare(f"{echo.NAME}, the same", _FEWER, rounds, ours=echo.NAME, theirs=redis.NAME),
        ]
    waits = {"longest": [max(each.waits) for each in ours], own: [each.median for each in ours]}
    longest = compare(f"{_CLIENTS} clients at once, longest wait", 20.0, waits, ours="longest", theirs=own)
    return [*against, longest]
