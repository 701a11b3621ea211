"""What a few holders may do, one step after the other, and what may become of it."""

from dataclasses import dataclass
from enum import StrEnum

from hypothesis import strategies as st

from lsp_orch.domain.lease import Mode
from tests.chaos.history import Tie

FILES = ("a", "b", "c")
TIES = {
    "keeper": Tie.NOTHING,
    "terminal": Tie.NOTHING,
    "claude": Tie.PROCESS,
    "codex": Tie.PROCESS,
    "ann": Tie.CONNECTION,
    "bob": Tie.CONNECTION,
}


class What(StrEnum):
    """What somebody does; whoever cannot do it does nothing."""

    ASK = "ask"
    LET_GO = "let go"
    RENEW = "renew"
    FADE = "fade"
    LEAVE = "leave"
    DIE = "die"
    LIST = "list"
    RESTART = "restart"  # of the daemon


class Fate(StrEnum):
    """What becomes of a question and its answer."""

    ANSWERED = "answered"
    UNHEARD = "unheard"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One step: ``way`` and ``back`` are how long question and answer travel, ``lapse`` passes before."""

    who: str
    what: What
    files: frozenset[str]
    mode: Mode
    fate: Fate
    way: float
    back: float
    lapse: float
    reaped: bool


def deeds() -> st.SearchStrategy[Deed]:
    """Any step; most are questions that are answered."""
    often = [What.ASK] * 5 + [What.LIST] * 3 + [What.LET_GO] * 2
    return st.builds(
        Deed,
        who=st.sampled_from(tuple(TIES)),
        what=st.sampled_from((*often, *What)),
        files=st.frozensets(st.sampled_from(FILES), min_size=1, max_size=2),
        mode=st.sampled_from((Mode.WRITE, Mode.WRITE, Mode.READ)),
        fate=st.sampled_from((*[Fate.ANSWERED] * 4, *Fate)),
        way=st.sampled_from((0.001, 0.5)),
        back=st.sampled_from((0.001, 0.5)),
        lapse=st.sampled_from((0.01, 0.01, 1.0, 3.0)),
        reaped=st.booleans(),
    )
