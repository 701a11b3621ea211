"""What may have been, and beside it what cannot have been: short histories, and what each of them proves."""

from dataclasses import replace

from lsp_orch.domain.lease import Mode
from tests.chaos.checker import Kind
from tests.chaos.history import DAEMON, Death, Op, Tie, Verb
from tests.chaos.spoils import ask, let_go_unheard, listed, seen, told, waiting

Events = tuple[Op | Death, ...]

ANN, BOB = seen("ann", 1), seen("bob", 2)
AGENT, EDITOR = {"tie": Tie.PROCESS}, {"tie": Tie.CONNECTION}
ANN_READS, BOB_READS = replace(ANN, mode=Mode.READ), replace(BOB, mode=Mode.READ)
BOB_WAITS = waiting("bob", "t")


def dies(who: str, at: float) -> Death:
    """At once."""
    return Death(who=who, at=at, gone=at)


CASES: list[tuple[str, Events, Kind | None]] = [
    ("nobody else has it", (ask("ann", 0, ANN), ask("bob", 2, seen("bob", 2, "b"))), None),
    ("two have it", (ask("ann", 0, ANN), ask("bob", 2, BOB)), Kind.TWO_HOLDERS),
    ("two read", (ask("ann", 0, ANN_READS), ask("bob", 2, BOB_READS)), None),
    ("one reads and one writes", (ask("ann", 0, ANN_READS), ask("bob", 2, BOB)), Kind.TWO_HOLDERS),
    ("granted before the answer was lost", (ask("ann", 0), ask("bob", 2, BOB)), None),
    ("let go, unheard", (ask("ann", 0, ANN), let_go_unheard("ann", 2), ask("bob", 3, BOB)), None),
    (
        "let go while it is granted",
        (ask("ann", 0, ANN), ask("bob", 2, BOB), told(Verb.LET_GO, "ann", 2.5)),
        None,
    ),
    (
        "let go after it is granted",
        (ask("ann", 0, ANN), ask("bob", 2, BOB), told(Verb.LET_GO, "ann", 3.5)),
        Kind.TWO_HOLDERS,
    ),
    ("its time is up", (ask("ann", 0, ANN, lasts_s=3), ask("bob", 2, BOB)), None),
    ("its time is not up", (ask("ann", 0, ANN, lasts_s=3.1), ask("bob", 2, BOB)), Kind.TWO_HOLDERS),
    (
        "renewed",
        (ask("ann", 0, ANN, lasts_s=3), told(Verb.RENEW, "ann", 1.5, lasts_s=3), ask("bob", 3, BOB)),
        Kind.TWO_HOLDERS,
    ),
    (
        "renewed too late, maybe",
        (ask("ann", 0, ANN, lasts_s=3), told(Verb.RENEW, "ann", 2.5, lasts_s=3), ask("bob", 3, BOB)),
        None,
    ),
    (
        "its turn is over",
        (ask("ann", 0, ANN, lasts_s=9), told(Verb.FADE, "ann", 1.5, lasts_s=1), ask("bob", 3, BOB)),
        None,
    ),
    ("an agent dies", (ask("ann", 0, ANN, **AGENT), dies("ann", 2), ask("bob", 2, BOB)), None),
    (
        "an agent lives on",
        (ask("ann", 0, ANN, **AGENT), dies(DAEMON, 2), ask("bob", 2, BOB)),
        Kind.TWO_HOLDERS,
    ),
    (
        "an editor comes back",
        (ask("ann", 0, ANN, **EDITOR), dies(DAEMON, 2), ask("bob", 2, BOB, **EDITOR)),
        None,
    ),
    (
        "an agent takes what an editor had",
        (ask("ann", 0, ANN, **EDITOR), dies(DAEMON, 2), ask("bob", 2, BOB)),
        Kind.TWO_HOLDERS,
    ),
    (
        "another person has taken it meanwhile",
        (ask("ann", 0, ANN, **EDITOR), dies(DAEMON, 2), ask("dan", 3, **EDITOR), ask("bob", 4, BOB)),
        None,
    ),
    (
        "a vanished editor's time is up",
        (ask("ann", 0, ANN, **EDITOR), dies(DAEMON, 2), ask("bob", 6, BOB)),
        None,
    ),
    ("it is there", (ask("ann", 0, ANN), listed(2, ANN)), None),
    ("it is lost", (ask("ann", 0, ANN), listed(2)), Kind.LOST),
    ("it may have gone meanwhile", (ask("ann", 0, ANN, lasts_s=2.5), listed(2)), None),
    ("another token is there", (ask("ann", 0, seen("ann", 3)), listed(2, ANN)), Kind.LOST),
    ("less is there", (ask("ann", 0, seen("ann", 1, "a", "b")), listed(2, ANN)), Kind.LOST),
    ("one token, two leases", (listed(0, ANN, replace(seen("bob", 1, "b"), id="lease-2")),), Kind.TWICE),
    ("one lease, two tokens", (listed(0, ANN), listed(2, replace(ANN, token=2))), Kind.TWICE),
    (
        "asked for while a greater one was told",
        (ask("ann", 0, BOB), ask("bob", 0.5, seen("bob", 1, "b"))),
        None,
    ),
    (
        "asked for after a greater one was told",
        (ask("ann", 0, BOB), ask("bob", 1.5, seen("bob", 1, "b"))),
        Kind.OLD,
    ),
    (
        "granted while it waited",
        (ask("bob", 0, "t"), ask("ann", 2, seen("ann", 2, "b")), ask("bob", 4, seen("bob", 1))),
        None,
    ),
    ("it waits", (ask("ann", 0, ANN), ask("bob", 2, "t"), listed(4, ANN, waiters=(BOB_WAITS,))), None),
    ("nothing stands before it", (ask("bob", 2, "t"), listed(4, waiters=(BOB_WAITS,))), Kind.FORGOTTEN),
    (
        "only its own stands before it",
        (ask("bob", 2, "t"), listed(4, BOB, waiters=(BOB_WAITS,))),
        Kind.FORGOTTEN,
    ),
    (
        "who came later stands before it",
        (listed(4, waiters=(BOB_WAITS, waiting("ann", "u"))),),
        Kind.FORGOTTEN,
    ),
    (
        "who came first stands before it",
        (listed(4, ANN, waiters=(waiting("ann", "u", "b"), waiting("bob", "t", "b"))),),
        Kind.FORGOTTEN,
    ),
    ("its ticket is gone", (ask("bob", 2, "t"), listed(4)), Kind.FORGOTTEN),
    ("it was granted", (ask("bob", 2, "t"), listed(4, BOB)), None),
    (
        "it was granted in part",
        (ask("bob", 2, "t", resources=frozenset("ab")), listed(4, BOB)),
        Kind.FORGOTTEN,
    ),
    (
        "it was granted, and in part let go",
        (
            ask("bob", 2, "t", resources=frozenset("ab")),
            told(Verb.LET_GO, "bob", 4, seen("bob", 1, "b"), ids=frozenset(["lease-1"])),
            listed(6, BOB),
        ),
        None,
    ),
    ("it was granted, and is over", (ask("bob", 2, "t", lasts_s=3), listed(4)), None),
    ("it was withdrawn, unheard", (ask("bob", 2, "t"), let_go_unheard("bob", 3.5), listed(4)), None),
    (
        "another was withdrawn",
        (ask("bob", 2, "t"), told(Verb.LET_GO, "bob", 3.5, ids=frozenset("u")), listed(5)),
        Kind.FORGOTTEN,
    ),
    ("its ticket is too old", (ask("bob", 2, "t"), listed(102)), None),
    ("its ticket is not too old", (ask("bob", 2, "t"), ask("bob", 50, "t"), listed(102)), Kind.FORGOTTEN),
    ("its holder died", (ask("bob", 2, "t", **AGENT), dies("bob", 3), listed(4)), None),
    ("let go", (ask("ann", 0, ANN), told(Verb.LET_GO, "ann", 2, ANN), listed(4)), None),
    (
        "let go, and there",
        (ask("ann", 0, ANN), told(Verb.LET_GO, "ann", 2, ANN), listed(4, ANN)),
        Kind.CAME_BACK,
    ),
    (
        "let go for good, and there",
        (told(Verb.LET_GO, "ann", 2, for_good=True), listed(4, ANN)),
        Kind.CAME_BACK,
    ),
    ("let go meanwhile", (ask("ann", 0, ANN), told(Verb.LET_GO, "ann", 2, ANN), listed(2.5, ANN)), None),
]
