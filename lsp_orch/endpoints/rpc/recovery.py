"""The verbs of ``lsp-orch recover``."""

import asyncio
import base64
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.lease import Holder, Party
from lsp_orch.domain.scope import Kind, Scope
from lsp_orch.domain.version import ABSENT, Version
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.keeper import Keeper
from lsp_orch.endpoints.params import optional, required, words
from lsp_orch.endpoints.resources import shown
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.shapes import rfc3339
from lsp_orch.services.ports import Contents, Paths
from lsp_orch.services.recovery import Recovery
from lsp_orch.store.base import Tx

MOST = 10_000  # versions that one list shows

_LISTED = 100
_TEXT = 1024**2  # bytes of a content that is given as text too: a message has its limits


class RecoveryMethods:
    """Translates ``recover.*`` calls."""

    def __init__(
        self, desk: Desk, recovery: Recovery, contents: Contents, keeper: Keeper, paths: Paths
    ) -> None:
        self._desk = desk
        self._recovery = recovery
        self._contents = contents
        self._keeper = keeper
        self._paths = paths

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {
            "recover.list": self.list,
            "recover.show": self.show,
            "recover.restore": self.restore,
            "recover.prune": self.prune,
        }

    async def list(self, params: dict[str, Any]) -> Answer:
        """``{"workspace", "path", "cwd", "before", "limit"}`` to ``{"versions": [Version]}``, newest first.

        ``path`` is a file or a folder; without it, and without a workspace, it is everything.
        """
        workspace, before = self._workspace(params), _moment(params)
        where = self._path(params, workspace) if params.get("path") else workspace
        limit = optional(params, "limit", _LISTED)
        if not 1 <= limit <= MOST:
            raise Misuse(Code.BAD_REQUEST, f"limit must be a number from 1 to {MOST}")
        bounds = {"most": limit} if before is None else {"most": limit, "before": before}

        def work(tx: Tx) -> list[Version]:
            return tx.versions.of_path(where, **bounds) or tx.versions.below(where, **bounds)

        return {"versions": [_shown(each, workspace) for each in await self._desk.do(work)]}

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"path", "cwd", "before"}`` or ``{"id"}`` to ``{"version", "content", "text"}``.

        ``content`` is base64; ``text`` is null unless it is UTF-8 of at most a MiB.
        """
        version = await self._wanted(params)
        if isinstance(version, Refusal):
            return version
        digest = version.content.digest
        data = await asyncio.to_thread(self._contents.read, digest) if digest else b""
        return {
            "version": _shown(version, self._workspace(params)),
            "content": base64.b64encode(data).decode("ascii"),
            "text": _text(data),
        }

    async def restore(self, params: dict[str, Any]) -> Answer:
        """The same, with ``user`` or an agent's ``session``, and ``force``, to what was restored.

        The answer is ``{"restored": Version, "replaced": Version, "changed": bool}``; ``replaced`` is what
        the file said until now. Unless a person says ``force``, nobody else may hold the file for writing.
        """
        version = await self._wanted(params)
        if isinstance(version, Refusal):
            return version
        force = optional(params, "force", False)  # noqa: FBT003 - the default's type is the type expected
        outcome = await self._keeper.restore(version, _holder(params), force=force)
        if isinstance(outcome, Refusal):
            return outcome
        shown = partial(_shown, workspace=self._workspace(params))
        return {
            "restored": shown(outcome.version),
            "replaced": shown(outcome.replaced),
            "changed": outcome.version.content != outcome.replaced.content,
        }

    async def prune(self, params: dict[str, Any]) -> Answer:
        """``{"dry_run"}`` to ``{"versions": n, "contents": n, "bytes": n}``: what went, or would go."""
        dry_run = optional(params, "dry_run", False)  # noqa: FBT003 - the default's type is the type expected
        pruned = await self._keeper.prune(dry_run=dry_run)
        return {
            "versions": len(pruned.versions),
            "contents": len(pruned.contents),
            "bytes": sum(each.size for each in pruned.contents),
        }

    async def _wanted(self, params: dict[str, Any]) -> Version | Refusal:
        """The version of that id; else what a file said last before a time, or before what it says now."""
        find: Callable[[Tx], Version | Refusal]
        if params.get("id"):
            find = partial(self._recovery.by_id, version_id=required(params, "id", str))
        else:
            path, before = self._path(params, self._workspace(params)), _moment(params)
            now = ABSENT if before else await asyncio.to_thread(self._contents.look, path)
            find = partial(
                self._recovery.find, path=path, before=before, now=None if isinstance(now, Refusal) else now
            )
        return await self._desk.do(find)

    def _path(self, params: dict[str, Any], workspace: str) -> str:
        return self._paths.canonical(required(params, "path", str), optional(params, "cwd", workspace or "/"))

    def _workspace(self, params: dict[str, Any]) -> str:
        workspace = optional(params, "workspace", "")
        return workspace and self._paths.canonical(workspace, "/")


def _shown(version: Version, workspace: str) -> dict[str, Any]:
    return {
        "id": version.id,
        "path": shown(Scope(Kind.FILE, version.path), workspace),
        "absent": version.content.absent,
        "digest": version.content.digest or None,
        "size": version.content.size,
        "kept_at": rfc3339(version.kept_at),
        "seen_at": rfc3339(version.seen_at),
        "by": {"id": version.by.id, "name": version.by.name},
        "why": version.why.value,
    }


def _text(data: bytes) -> str | None:
    try:
        return data.decode() if len(data) <= _TEXT else None
    except UnicodeDecodeError:
        return None


def _holder(params: dict[str, Any]) -> Holder:
    session, user = words(params, "session", ""), words(params, "user", "somebody")
    if session:
        return Holder(id=session, kind=Party.AGENT, name=session, session=session)
    return Holder(id=f"user:{user}", kind=Party.HUMAN, name=user)


def _moment(params: dict[str, Any]) -> float | None:
    """Seconds since the epoch; a time without a zone is UTC, as all that we write."""
    written = optional(params, "before", "")
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Misuse(Code.BAD_REQUEST, f"before must be a time (RFC 3339), not {written}") from None
