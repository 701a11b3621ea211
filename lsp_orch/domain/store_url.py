"""Where the store is, as the setting writes it: a file of SQLite's, or a database of PostgreSQL's."""

import re

SQLITE = "sqlite:///"
POSTGRES = "postgresql://"
SERVICE = "lsp-orch"  # under which a keyring keeps the passwords of databases

_POSTGRES = re.compile(
    r"""postgresql://
    (?: (?P<user> [^:@/?\#]+ ) @ )?
    (?P<host> \[ [^\]@/]* \] | [^:@/?\#]* )
    (?: : (?P<port> \d+ ) )?
    (?: / (?P<database> [^/?\#]* ) )?
    (?: \? (?P<query> [a-z_]+ = [^&\#]* (?: & [a-z_]+ = [^&\#]* )* ) )?""",
    re.VERBOSE,
)
_SECRET = re.compile(
    r"(?<=://)(?P<user>[^:/?#@]*):.*@|(?P<key>[?&][^=&]*(?:password|%)[^=&]*=)[^&]*", re.IGNORECASE
)


def sound(text: str) -> bool:
    """Whether a store can be there; a password never stands beside its address."""
    if text.startswith(POSTGRES):
        parts = _POSTGRES.fullmatch(text)
        return parts is not None and "password=" not in (parts["query"] or "")
    return not text or (text.startswith(SQLITE) and text != SQLITE)


def account(url: str) -> str:
    """Under which name a keyring keeps the password of a sound address: ``user@host:port/database``."""
    parts = _POSTGRES.fullmatch(url)
    assert parts is not None  # noqa: S101 - the setting's rule has let it through
    host, port = parts["host"] or "localhost", parts["port"] or "5432"
    return f"{parts['user'] or ''}@{host}:{port}/{parts['database'] or ''}"


def redacted(text: str) -> str:
    """The same without anything that could be a password."""
    return _SECRET.sub(lambda each: each["key"] + "***" if each["key"] else each["user"] + ":***@", text)
