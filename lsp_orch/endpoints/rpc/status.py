"""``lsp-orch status``, and what only the daemon can try for ``lsp-orch doctor``."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_orch.domain import store_url
from lsp_orch.domain.errors import Code, OrchError, Unavailable
from lsp_orch.domain.money import day
from lsp_orch.domain.vigil import Moment, Vigil, thaw
from lsp_orch.endpoints import shapes
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.view import LeaseView
from lsp_orch.services.ports import Clock
from lsp_orch.store.base import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """This daemon; ``started`` is in seconds since the epoch, ``store`` as the setting writes it."""

    version: str
    pid: int
    started: float
    store: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What others know.

    ``tasks`` counts by state, ``notes`` the notes of a workspace. Each of ``tries``, by its check's name,
    tries something out for a workspace and says in a few words that it is well. ``notes`` and ``tries`` run
    in threads and may raise OrchError, which is then what is told. ``vigil`` is the reaper's.
    """

    tasks: Callable[[Tx], Mapping[str, int]]
    notes: Callable[[str], int]
    tries: Mapping[str, Callable[[str], str]]
    vigil: Callable[[], Vigil]


# what is missing, but is missed only by tasks; and what passes by itself
_WARNINGS = {Code.NOT_A_REPOSITORY, Code.NO_COMMITS, Code.SANDBOX_MISSING, Code.REAPING_FROZEN}
_MEND_FILE = "stop the daemon, keep a copy of the file, and try `sqlite3 FILE .recover`"
_MEND_DATABASE = "stop the daemons, keep a dump of the database, and mend or restore what is named"


class StatusMethods:
    """Translates ``status`` and ``doctor``."""

    def __init__(self, daemon: Daemon, parts: Parts, desk: Desk, view: LeaseView, clock: Clock) -> None:
        self._daemon = daemon
        self._parts = parts
        self._desk = desk
        self._view = view
        self._clock = clock

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {"status": self.status, "doctor": self.doctor}

    async def status(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (whose notes to count) to CONTRACT's status; all else is of the whole daemon."""
        workspace = optional(params, "workspace", "")
        today = day(self._clock.now())
        sessions, tasks, holds, pauses, notices = await self._desk.do(
            lambda tx: (
                tx.sessions.all(),
                dict(self._parts.tasks(tx)),
                tx.holds.all(),
                tx.pauses.all(),
                tx.money.notices(today),
            )
        )
        return {
            "version": self._daemon.version,
            "daemon": {
                "pid": self._daemon.pid,
                "uptime_s": round(self._clock.now() - self._daemon.started, 3),
                "store": self._daemon.store,
            },
            "sessions": [shapes.session(each) for each in sessions],
            "leases": [{**shapes.lease(each), "workspace": each.workspace} for each in self._view.leases()],
            "tasks": tasks,
            "holds": [shapes.hold(each) for each in holds],
            "dispatcher": {"paused": [shapes.pause(each) for each in pauses]},
            "notices": [shapes.notice(each) for each in notices],
            "vault": await self._vault(workspace),
            "reaper": self._reaper(),
        }

    async def doctor(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` to ``{"checks": [{"name", "ok", "status", "detail", "mend"}]}``.

        ``status`` is ok, warning or failed; a warning is ok.
        """
        workspace = optional(params, "workspace", "")
        tried = [_check("store", self._store()), _check("reaper", self._reaps())]
        tried += [
            _check(name, asyncio.to_thread(attempt, workspace)) for name, attempt in self._parts.tries.items()
        ]
        return {"checks": list(await asyncio.gather(*tried))}

    async def _vault(self, workspace: str) -> dict[str, Any]:
        try:
            return {"notes": await asyncio.to_thread(self._parts.notes, workspace)}
        except OrchError as error:  # an unreadable vault is no reason to hide who holds what
            return {"notes": 0, "error": error.refusal.message}

    def _reaper(self) -> dict[str, Any]:
        vigil, clock = self._parts.vigil(), self._clock
        now = Moment(wall=clock.now(), steady=clock.steady(), awake=clock.awake())
        return {"frozen_until": shapes.rfc3339(thaw(vigil, now)), "why": vigil.why}

    async def _reaps(self) -> str:
        reaper = self._reaper()
        if reaper["frozen_until"]:
            raise Unavailable(
                Code.REAPING_FROZEN,
                f"nobody is taken for dead until {reaper['frozen_until']}: {reaper['why']}",
                "it passes by itself; end a lease that you know is nobody's with `lsp-orch lease release`",
            )
        return "what is over is ended"

    async def _store(self) -> str:
        word = f"written at {self._clock.now()}"

        def work(tx: Tx) -> tuple[list[str], bool]:
            health = tx.health
            return health.damage(), health.remembers(word)

        damage, remembers = await self._desk.do(work)
        if damage or not remembers:
            shared = self._daemon.store.startswith(store_url.POSTGRES)
            raise Unavailable(
                Code.STORE_CORRUPT,
                f"{self._daemon.store} is damaged: {'; '.join(damage) or 'it forgets what is written'}",
                _MEND_DATABASE if shared else _MEND_FILE,
            )
        return f"{self._daemon.store} is sound, written and read back"


async def _check(name: str, attempt: Awaitable[str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "status": "ok", "detail": await attempt, "mend": ""}
    except OrchError as error:
        warning = error.refusal.code in _WARNINGS
        return {
            "name": name,
            "ok": warning,
            "status": "warning" if warning else "failed",
            "detail": error.refusal.message,
            "mend": error.refusal.hint,
        }
