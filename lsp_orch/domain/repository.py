"""One repository in many checkouts: what makes two the same, and where a path of one is in another."""

import re
from dataclasses import dataclass, replace

from lsp_orch.domain import glob
from lsp_orch.domain.scope import Kind, Scope

_URL = re.compile(r"([\w+.-]+)://(?:[^/]*@)?(\[[^\]]*\]|[^:/]*)(?::(\d*))?/*(.*)")
_SHORT = re.compile(
    r"(?:[^/:]*@)?(\[[^\]]*\]|[^/:]{2,}):/*(.*)"
)  # as scp has it; one letter is a Windows drive
_HELPED = re.compile(r"[\w-]+::.*")  # by a helper of its own
_HTTP = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A working tree. ``repository`` is the same for all of one repository, and says nothing by itself."""

    root: str
    repository: str


def remote(url: str) -> str:
    """What two spellings of one remote repository have in common; empty when the URL is a path.

    Users, passwords, the scheme and its usual port mean nothing, and ssh's port neither: a server offers one
    repository by ssh and https on different ports.
    """
    if url.startswith((".", "/")):
        return ""
    if _HELPED.fullmatch(url):
        return _plain(url)
    if found := _URL.fullmatch(url):
        scheme, host, port, path = found.groups(default="")
        usual = scheme.lower() not in _HTTP or port in ("", _HTTP[scheme.lower()])
        return "" if scheme.lower() == "file" else _named(host, "" if usual else port, path)
    short = _SHORT.fullmatch(url)
    return _named(short[1], "", short[2]) if short else ""


def moved(scope: Scope, here: str, there: str) -> Scope | None:
    """The same resource in another checkout; None for what lies outside of this one, or is no path."""
    if not scope.on_disk:
        return None
    if scope.kind is Kind.GLOB:
        here, there = glob.escape(here), glob.escape(there)
    if scope.key == here:
        return replace(scope, key=there)
    inside = f"{here.rstrip('/')}/"
    if not scope.key.startswith(inside):
        return None
    return replace(scope, key=f"{there.rstrip('/')}/{scope.key[len(inside) :]}")


def _named(host: str, port: str, path: str) -> str:
    return f"{host.lower()}{port and f':{port}'}/{_plain(path)}"


def _plain(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")
