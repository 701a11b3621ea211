"""A fault of the provider's: nobody could be asked, and the worker cannot help it."""

from dataclasses import dataclass
from enum import StrEnum

from lsp_orch.domain.errors import Code, Refusal

ACCOUNT = "account"  # what holds everybody who asks as this person
MODEL = "model "  # and, before a name, only those who ask that model


class Kind(StrEnum):
    """What to do about it."""

    LIMIT = "limit"  # wait until it ends
    BUSY = "busy"  # try again later
    LOGIN = "login"  # a person must do something; try again later


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``scope`` says who else will fare the same, ``said`` are the client's own words.

    It ends at ``until`` (seconds since the epoch) where the provider has said so.
    """

    kind: Kind
    scope: str
    until: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people are told of one kind."""

    code: Code
    means: str
    mend: str


WORDS: dict[Kind, Words] = {
    Kind.LIMIT: Words(
        code=Code.USAGE_LIMIT,
        means="a usage limit is reached",
        mend="the queue goes on by itself when the limit ends; no attempt was spent",
    ),
    Kind.BUSY: Words(
        code=Code.PROVIDER_UNAVAILABLE,
        means="the model's provider cannot be reached, or is overloaded",
        mend="the queue tries again by itself; no attempt was spent",
    ),
    Kind.LOGIN: Words(
        code=Code.CLAUDE_LOGGED_OUT,
        means="Claude Code may not ask the model",
        mend="start `claude` and log in, or mend its key; the queue then goes on by itself, and no attempt"
        " was spent",
    ),
}


def refusal(fault: Fault) -> Refusal:
    """What is said of a run that met it."""
    words = WORDS[fault.kind]
    return Refusal(code=words.code, message=told(fault.kind, fault.said), hint=words.mend)


def told(kind: Kind, said: str) -> str:
    """Say in one line what is wrong."""
    means = WORDS[kind].means
    return f"{means}: {said}" if said else means


def concerns(scope: str, model: str) -> bool:
    """Whether whoever is to ask that model would fare the same."""
    return scope == ACCOUNT or scope.removeprefix(MODEL) in model
