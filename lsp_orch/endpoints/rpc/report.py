"""``lsp-orch report``: numbers, and a page when one is wanted."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.money import date
from lsp_orch.domain.timeline import Bar, Report
from lsp_orch.endpoints.desk import Desk
from lsp_orch.endpoints.params import optional
from lsp_orch.endpoints.rpc.role import Answer, Method
from lsp_orch.endpoints.shapes import notice, rfc3339
from lsp_orch.services.reports import Reports, Told

Page = Callable[[Report], str]


class ReportMethods:
    """Translates ``report.show``; ``page`` draws one."""

    def __init__(self, desk: Desk, reports: Reports, page: Page) -> None:
        self._desk = desk
        self._reports = reports
        self._page = page

    def methods(self) -> dict[str, Method]:
        """Each method by its name."""
        return {"report.show": self.show}

    async def show(self, params: dict[str, Any]) -> Answer:
        """``{"workspace"}`` (empty: everywhere), ``{"since", "html"}`` to ``{"report": Report}``.

        With ``html``, its page is ``html`` of the answer. What nothing is known of is null.
        """
        workspace, since = optional(params, "workspace", ""), _since(params)
        told = await self._desk.do(lambda tx: self._reports.of(tx, workspace, since))
        answer: dict[str, Any] = {"report": _shown(told)}
        if optional(params, "html", default=False):
            answer["html"] = await asyncio.to_thread(self._page, told.report)
        return answer


def _since(params: dict[str, Any]) -> float:
    written = optional(params, "since", "")
    if not written:
        return 0.0
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Misuse(Code.BAD_REQUEST, f"since must be a day or a time (RFC 3339), not {written}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _shown(told: Told) -> dict[str, Any]:
    found = told.report
    return {
        "now": rfc3339(found.now),
        "since": rfc3339(found.since) if found.since else None,
        "wall_s": found.busy_s,
        "span_s": found.span_s,
        "work_s": found.work_s,
        "speedup": found.speedup,
        "at_once": found.at_once,
        "cost_usd": found.cost_usd,
        "costs": dict(found.costs),
        "days": {date(moment): usd for moment, usd in told.days.items()},
        "states": dict(found.states),
        "endings": dict(found.endings),
        "retries": found.retries,
        "deaths": found.deaths,
        "waits_s": dict(found.waits),
        "pruned": dict(found.pruned),
        "reviewed": found.reviewed,
        "acceptance": found.acceptance,
        "runs": [_bar(bar) for bar in found.bars],
        "notices": [notice(each) for each in told.notices],
    }


def _bar(bar: Bar) -> dict[str, Any]:
    run = bar.run
    return {
        "task": run.task_id,
        "title": run.title,
        "attempt": run.number,
        "model": run.model,
        "why_model": run.why_model,
        "began_at": rfc3339(run.began_at),
        "ended_at": rfc3339(run.ended_at),
        "ending": run.ending or None,
        "cost_usd": run.cost_usd,
        "parked_s": run.parked_s,
        "lane": bar.lane,
    }
