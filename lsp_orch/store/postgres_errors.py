"""What PostgreSQL says when the world is against it, in our words."""

import psycopg

from lsp_orch.domain.errors import Code, Misuse, Unavailable

_FULL = "53100"
_READ_ONLY = ("25006", "42501")  # a standby, or no right to write
_DAMAGED = ("XX001", "XX002")
# gone, going or coming; nobody may wait any longer; all of its places are taken
_AWAY = ("08", "57P", "57014", "55P03", "25P03", "40P01", "53300", "53200")


def explain(error: psycopg.Error, name: str) -> Exception:
    """The same failure in our words; what is our own fault stays as it is."""
    state = error.sqlstate or ""
    if state == _FULL:
        return Unavailable(
            Code.DISK_FULL, f"the disk of {name} is full", "free some space there; nothing was changed"
        )
    if state in _READ_ONLY:
        return Unavailable(
            Code.HOME_READ_ONLY,
            f"{name} cannot be written ({said(error)})",
            "name the server that takes writes, and a user who may write there, in LSP_ORCH_STORE",
        )
    if state in _DAMAGED:
        return Unavailable(
            Code.STORE_CORRUPT, f"{name} is damaged ({said(error)})", "restore the database from a backup"
        )
    if state.startswith(_AWAY) or (not state and isinstance(error, psycopg.OperationalError)):
        return unreachable(name, said(error), "it is tried again at every request; nothing was changed")
    if not state and isinstance(error, psycopg.DataError):  # found before it was sent
        return Misuse(Code.BAD_REQUEST, f"this text cannot be stored: {said(error)}")
    return error


def unreachable(name: str, why: str, hint: str) -> Unavailable:
    """The database does not answer, or not to us."""
    return Unavailable(Code.STORE_UNREACHABLE, f"{name} cannot be reached: {why}", hint)


def said(error: psycopg.Error) -> str:
    """The server's own first line."""
    lines = str(error).strip().splitlines() or ["it does not answer"]
    return lines[0].removeprefix("connection failed: ").removeprefix("connection is bad: ")
