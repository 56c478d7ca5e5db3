"""The two drawings of a comparison, as SVG: quality with its intervals, and quality over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.comparison.ranking import Row
from workstation.cli.comparison.elements import Markup, element
from workstation.cli.comparison.figures import between, figure

_WIDTH = 820.0
_LINE = 26.0
"""Height of one candidate's line."""
_LETTER = 7.2
"""Width of a letter at the drawing's size of type; generous."""
_RIGHT = 620.0
"""Where the drawing over latency ends and the names begin."""
_NAME_APART = 18.0
_NOTHING = "No candidate has an image AUROC to draw."


@dataclass(frozen=True)
class _Scale:
    """Carries values to pixels: `low` to `start`, `high` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def interval_plot(rows: Sequence[Row]) -> Markup:
    """Draw the image AUROC of each candidate with its 95 % interval, best at the top."""
    shown = [row for row in rows if row.image_auroc is not None]
    if not shown:
        return element("p", _NOTHING)
    left = 16 + _LETTER * max(len(row.name) for row in shown)
    axis = _auroc_axis(shown, start=left + 12, end=_WIDTH - 210)
    bottom = 14 + _LINE * len(shown)
    drawn = list(_upright_grid(axis, top=6, bottom=bottom))
    for number, row in enumerate(shown):
        auroc, interval = row.image_auroc, row.measured.evaluation.image_auroc_95
        assert auroc is not None, "left out above"
        y = 6 + _LINE * (number + 0.7)
        drawn.append(_label(row.name, left, y + 4, anchor="end"))
        if interval is not None:
            drawn.append(_stroke(axis(interval[0]), y, axis(interval[1]), y, "whisker"))
        drawn.append(element("circle", cx=axis(auroc), cy=y, r=5.0, class_="point"))
        drawn.append(_label(figure(auroc) + between(interval), _WIDTH - 200, y + 4))
    drawn.append(_label("image AUROC", (axis.start + axis.end) / 2, bottom + 36, anchor="middle"))
    return _svg(drawn, bottom + 44, "Image AUROC of each candidate with its 95 % interval")


def latency_plot(rows: Sequence[Row]) -> Markup:
    """Draw image AUROC over the median latency; a line leads on to the 95th percentile."""
    shown = [row for row in rows if row.image_auroc is not None]
    if not shown:
        return element("p", _NOTHING)
    top, bottom, left = 10.0, 330.0, 64.0
    axis = _auroc_axis(shown, start=bottom, end=top)
    times = [row.measured.evaluation.latency_ms for row in shown]
    ticks = _log_ticks(min(it["p50"] for it in times), max(it["p95"] for it in times))
    logs = _Scale(math.log(ticks[0]), math.log(ticks[-1]), left, _RIGHT)
    drawn = list(_level_grid(axis, left=left, right=_RIGHT))
    for tick in ticks:
        x = logs(math.log(tick))
        drawn += [
            _stroke(x, top, x, bottom, "grid"),
            _label(f"{tick:g}", x, bottom + 18, anchor="middle"),
        ]
    places = []
    for row, latency in zip(shown, times, strict=True):
        x, end = (logs(math.log(latency[name])) for name in ("p50", "p95"))
        assert row.image_auroc is not None, "left out above"
        y = axis(row.image_auroc)
        drawn.append(_stroke(x, y, end, y, "whisker"))
        drawn.append(element("circle", cx=x, cy=y, r=5.0, class_="point"))
        places.append((end, y, row.name))
    drawn += _beside(places, top=top, bottom=bottom)
    middle = (left + _RIGHT) / 2
    drawn.append(
        _label("milliseconds per inspection, p50 to p95", middle, bottom + 40, anchor="middle")
    )
    drawn.append(
        element(
            "text",
            "image AUROC",
            transform=f"translate(16 {bottom / 2:g}) rotate(-90)",
            text_anchor="middle",
        )
    )
    return _svg(drawn, bottom + 48, "Image AUROC of each candidate over its latency")


def _beside(
    places: Sequence[tuple[float, float, str]], *, top: float, bottom: float
) -> Iterator[Markup]:
    """Write names into a column at the right, each led to from its point, none over another."""
    lowest = top - _NAME_APART
    for left, (x, y, name) in zip(
        range(len(places), 0, -1), sorted(places, key=lambda place: place[1]), strict=True
    ):
        # Those that follow need their room above the bottom too.
        room = bottom - _NAME_APART * (left - 1)
        lowest = max(min(y, room), lowest + _NAME_APART)
        yield _stroke(x + 6, y, _RIGHT + 4, lowest, "leader")
        yield _label(name, _RIGHT + 8, lowest + 4)


def _auroc_axis(rows: Sequence[Row], *, start: float, end: float) -> _Scale:
    """Give an axis up to 1 that holds every interval."""
    ends = [row.measured.evaluation.image_auroc_95 or (row.image_auroc or 0.0,) for row in rows]
    lowest = min(end[0] for end in ends)
    low = min(math.floor(lowest * 10) / 10, 0.9)
    return _Scale(max(low, 0.0), 1.0, start, end)


def _auroc_ticks(axis: _Scale) -> list[float]:
    step = 0.02 if axis.low >= 0.9 else 0.05 if axis.low >= 0.7 else 0.1
    count = round((axis.high - axis.low) / step)
    return [axis.low + number * step for number in range(count + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Give 1, 2 and 5 times powers of ten from below `low` to above `high`."""
    steps = [
        digit * 10.0**power
        for power in range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
        for digit in (1, 2, 5)
    ]
    first = max(number for number, step in enumerate(steps) if step <= low)
    last = min(number for number, step in enumerate(steps) if step >= high and number > first)
    return steps[first : last + 1]


def _upright_grid(axis: _Scale, *, top: float, bottom: float) -> Iterator[Markup]:
    for tick in _auroc_ticks(axis):
        yield _stroke(axis(tick), top, axis(tick), bottom, "grid")
        yield _label(f"{tick:.2f}", axis(tick), bottom + 16, anchor="middle")


def _level_grid(axis: _Scale, *, left: float, right: float) -> Iterator[Markup]:
    for tick in _auroc_ticks(axis):
        yield _stroke(left, axis(tick), right, axis(tick), "grid")
        yield _label(f"{tick:.2f}", left - 8, axis(tick) + 4, anchor="end")


def _stroke(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def _label(text: str, x: float, y: float, *, anchor: str = "start") -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor)


def _svg(drawn: Sequence[Markup], height: float, words: str) -> Markup:
    return element(
        "svg",
        element("title", words),
        drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH:g} {height:g}",
        role="img",
        aria_label=words,
    )
