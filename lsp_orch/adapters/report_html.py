"""The report as one page: a picture of what ran when, and the numbers. No script; nothing is loaded."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from html import escape

from lsp_orch.domain.timeline import Bar, Report

_WIDTH, _LANE, _TOP, _LEAST = 960.0, 22, 24, 1.5  # of the picture, in its own units
_TICKS = 6
_COLOURS = {
    "done": "good",
    "": "runs",
    "ours": "free",
    "provider": "free",
    "put-off": "free",
    "cancelled": "free",
}

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top; font-weight: normal; }
th { opacity: .7; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
.axis { stroke: currentColor; stroke-opacity: .2; } .good { fill: #2e8b57; } .bad { fill: #c0392b; }
.runs { fill: #2f6fb0; } .free { fill: #8a8a8a; }
.many { fill: none; stroke: currentColor; stroke-width: 1.5; }
.key { width: 1em; height: 1em; } .wide { overflow-x: auto; }
"""


def page(report: Report) -> str:
    """The whole page; what tasks and models are called is text in it, whatever it says."""
    span = (
        f"{_moment(report.since)} to {_moment(report.now)}"
        if report.since
        else f"until {_moment(report.now)}"
    )
    parts = [
        f"<h1>What ran {escape(span)}</h1>",
        _numbers(report),
        "<h2>When</h2>",
        f'<div class="wide">{_picture(report)}</div>' if report.bars else "<p>Nothing ran.</p>",
        _legend(),
        _runs(report),
    ]
    head = f'<meta charset="utf-8"/><title>lsp-orch report</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _numbers(report: Report) -> str:
    rows = {
        "Wall clock while anything ran": _duration(report.busy_s),
        "The same one after the other": _duration(report.work_s),
        "Speed-up": _unknown(report.speedup, "{:.2f}x"),
        "From first to last": _duration(report.span_s),
        "Most at once": str(report.at_once),
        "Cost": f"${report.cost_usd:.2f}{_by(report.costs)}",
        "Retries, deaths": f"{report.retries}, {report.deaths}",
        "How runs ended": _list(report.endings),
        "Where tasks stand": _list(report.states),
        "Waited": ", ".join(f"{kind} {_duration(each)}" for kind, each in report.waits.items()),
        "Pruned": _list(report.pruned),
        "Accepted at first review": _unknown(report.acceptance, "{:.0%}") + f" of {report.reviewed} reviewed",
    }
    cells = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items()
    )
    return f"<table>{cells}</table>"


def _picture(report: Report) -> str:
    begin = report.bars[0].run.began_at
    scale = _WIDTH / max(1.0, max(bar.ends_at for bar in report.bars) - begin)
    floor = _TOP + report.at_once * _LANE
    height = floor + _LANE * 3
    drawn = [
        *_axis(begin, scale, floor),
        *(_bar(bar, begin, scale) for bar in report.bars),
        _many(report, begin, scale, floor + _LANE * 2.5),
    ]
    space, size = "http://www.w3.org/2000/svg", f'viewBox="0 0 {_WIDTH:g} {height:g}"'
    label = f"{len(report.bars)} runs in {report.at_once} lanes; below, how many at once"
    return f'<svg xmlns="{space}" role="img" aria-label="{label}" {size}>{"".join(drawn)}</svg>'


def _axis(begin: float, scale: float, floor: float) -> Iterator[str]:
    for tick in range(_TICKS):
        x = _WIDTH * tick / _TICKS
        yield f'<line class="axis" x1="{x:.1f}" y1="16" x2="{x:.1f}" y2="{floor:g}"/>'
        yield f'<text x="{x + 3:.1f}" y="12">{escape(_moment(begin + x / scale))}</text>'


def _bar(bar: Bar, begin: float, scale: float) -> str:
    run = bar.run
    x, width = (run.began_at - begin) * scale, max(_LEAST, (bar.ends_at - run.began_at) * scale)
    y = _TOP + bar.lane * _LANE
    who = f"{run.task_id}, attempt {run.number}, {run.model}: {run.why_model}"
    told = f"{run.title} ({who}) {run.ending or 'runs'}"
    return (
        f'<rect class="{_COLOURS.get(run.ending, "bad")}" x="{x:.1f}" y="{y}" width="{width:.1f}"'
        f' height="{_LANE - 4}" rx="2"><title>{escape(told)}</title></rect>'
    )


def _many(report: Report, begin: float, scale: float, floor: float) -> str:
    """How many were at work, as a line of steps."""
    changes: dict[float, int] = {}
    for bar in report.bars:
        changes[bar.run.began_at] = changes.get(bar.run.began_at, 0) + 1
        changes[bar.ends_at] = changes.get(bar.ends_at, 0) - 1
    step = _LANE * 2 / max(1, report.at_once)
    count, points = 0, [f"M0 {floor:g}"]
    for moment in sorted(changes):
        count += changes[moment]
        points.append(f"H{(moment - begin) * scale:.1f}V{floor - count * step:.1f}")
    return f'<path class="many" d="{"".join(points)}"/>'


def _legend() -> str:
    names = {"good": "done", "bad": "came to nothing", "free": "ended by us or the provider", "runs": "runs"}
    drawn = (
        f'<svg class="key" viewBox="0 0 10 10"><rect class="{name}" width="10" height="10"/></svg> {words}'
        for name, words in names.items()
    )
    return f"<p>{'&#160; '.join(drawn)}</p>"


def _runs(report: Report) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("Began", "Took", "Task", "Model", "Why", "Ended", "Cost"))
    rows = "".join(f"<tr>{''.join(_cells(bar))}</tr>" for bar in report.bars)
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _cells(bar: Bar) -> Iterator[str]:
    run = bar.run
    took = _duration(bar.ends_at - run.began_at)
    texts = (
        _moment(run.began_at),
        took,
        f"{run.title} ({run.number})",
        run.model,
        run.why_model,
        run.ending or "runs",
    )
    yield from (f"<td>{escape(text)}</td>" for text in texts)
    yield f'<td class="number">${run.cost_usd:.2f}</td>'


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _unknown(value: float | None, form: str) -> str:
    return "unknown" if value is None else form.format(value)


def _list(counts: Mapping[str, int]) -> str:
    return _joined(f"{count} {word}" for word, count in counts.items())


def _by(costs: Mapping[str, float]) -> str:
    return f" ({_joined(f'{model} ${usd:.2f}' for model, usd in costs.items())})" if costs else ""


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
