"""Asking twice with one key is asking once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lsp_orch.domain.errors import Code, Refusal

KEPT_S = 24 * 3600.0
"""So long a key is known: whoever heard no answer has asked again by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A change as somebody asks for it; without a ``key`` it is done each time.

    ``scope`` is what the key is one of: a workspace, or the task that is changed. ``digest`` stands for
    all else that was said.
    """

    scope: str
    key: str
    method: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A request that was done; ``answer`` are the ids of what it changed."""

    method: str
    digest: str
    answer: tuple[str, ...]


def request(method: str, params: Mapping[str, Any], scope: str = "") -> Request:
    """The request that a call is, whose key is its parameter ``key``."""
    said = {name: value for name, value in params.items() if name != "key"}
    digest = sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return Request(scope=scope, key=str(params.get("key") or ""), method=method, digest=digest)


def differs(asked: Request, known: Known) -> Refusal | None:
    """Refuse a key that has stood for something else; of an old one it may be unknown what it stood for."""
    if known.method == asked.method and known.digest in {"", asked.digest}:
        return None
    what = "with other parameters" if known.method == asked.method else f"for {known.method}"
    return Refusal(
        code=Code.KEY_REUSED,
        message=f"the key {asked.key} was used {what} within the last day ({', '.join(known.answer)})",
        hint="take a new key for each new request, and the same one only to ask once more",
    )
