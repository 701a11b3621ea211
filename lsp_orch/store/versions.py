"""Versions of files as rows."""

import math
import os
from collections.abc import Iterable, Iterator

from lsp_orch.domain.version import Author, Content, Version, Why
from lsp_orch.store.connection import Connection, Row, Value

EVERY = 2**62  # more versions than there will ever be


class VersionTable:
    """What files said, and when; the newest come first. A trigger keeps the last of each path.

    Each daemon sees its own: the contents are files beside it.
    """

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def insert(self, version: Version) -> None:
        """Add what a file says now."""
        columns: dict[str, Value] = {
            "id": version.id,
            "path": version.path,
            "size": version.content.size,
            "kept_at": version.kept_at,
            "seen_at": version.seen_at,
            "holder_id": version.by.id,
            "holder_name": version.by.name,
            "why": version.why,
        }
        if version.content.absent:
            self._db.run("version.insert_absent", **columns)
        else:
            self._db.run("version.insert", digest=version.content.digest, **columns)

    def seen(self, version: Version) -> None:
        """Store when the file was last seen to say this."""
        self._db.run("version.seen", id=version.id, seen_at=version.seen_at)

    def attribute(self, version_id: str, by: Author, why: Why) -> None:
        """Store who gave occasion for a version, once that is known better."""
        self._db.run("version.attribute", id=version_id, holder_id=by.id, holder_name=by.name, why=why)

    def delete(self, versions: Iterable[Version]) -> None:
        """Forget versions; of each path they come oldest first."""
        for each in versions:
            self._db.run("version.delete", id=each.id)

    def by_id(self, version_id: str) -> Version | None:
        """The version of that id."""
        return _optional(self._db.one("version.by_id", id=version_id))

    def newest(self, path: str) -> Version | None:
        """What the file was last seen to say."""
        return _optional(self._db.one("version.newest", path=path))

    def of_path(self, path: str, before: float = math.inf, most: int = EVERY) -> list[Version]:
        """All of one file that were kept before that time (seconds since the epoch)."""
        return _versions(self._db.all("version.of_path", path=path, before=before, most=most))

    def below(self, folder: str, before: float = math.inf, most: int = EVERY) -> list[Version]:
        """All of the files below a folder (empty: everywhere) that were kept before that time."""
        prefix = folder and f"{folder.rstrip(os.sep)}{os.sep}"
        return _versions(self._db.all("version.below", folder=prefix, before=before, most=most))

    def all(self) -> Iterator[Version]:
        """Every version of every file as of now; there may be many, and they can be gone through later."""
        return map(_version, self._db.all("version.all"))

    def named(self, digest: str) -> bool:
        """Whether some version has this content."""
        return self._db.one("version.naming", digest=digest) is not None


def _optional(row: Row | None) -> Version | None:
    return None if row is None else _version(row)


def _versions(rows: Iterable[Row]) -> list[Version]:
    return [_version(row) for row in rows]


def _version(row: Row) -> Version:
    return Version(
        id=row[0],
        path=row[1],
        content=Content(digest=row[2], size=row[3]),
        kept_at=row[4],
        seen_at=row[5],
        by=Author(id=row[6], name=row[7]),
        why=Why(row[8]),
    )
