"""The columns of a comparison: what stands in them, and what it means. One table for all reports.

The same digits stand in the terminal and on the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.comparison.ranking import Row
from engine.evaluation.bootstrap import Interval

NOTHING = "–"
"""Where a figure does not exist, as without a map."""


def figure(value: float | None) -> str:
    """Give a figure from 0 to 1."""
    return NOTHING if value is None else f"{value:.3f}"


def between(interval: Interval | None) -> str:
    """Give an interval behind its figure."""
    return "" if interval is None else " ({:.3f} to {:.3f})".format(*interval)


@dataclass(frozen=True)
class Column:
    """One column."""

    title: str
    text: Callable[[Row], str]
    meaning: str
    """A sentence for people."""


def _behind(row: Row) -> str:
    if row.behind is None:
        return NOTHING
    return figure(row.behind.value) + between(row.behind.interval)


def _memory(row: Row) -> str:
    peak, start = row.measured.fit_peak_mb, row.measured.start_mb
    return f"{peak:.0f} ({peak - start:.0f})"


def _gpu(row: Row) -> str:
    peak = row.measured.fit_gpu_peak_mb
    return NOTHING if peak is None else f"{peak:.0f}"


QUALITY = (
    Column(
        "image AUROC (95 %)",
        lambda row: figure(row.image_auroc) + between(row.measured.evaluation.image_auroc_95),
        "The chance that a defective picture scores higher than a good one; 0.5 is guessing. In "
        "brackets where it may lie, with 95 % confidence (Newcombe's method 5, as `loupe evaluate` "
        "gives it; all other intervals are bootstrapped). The order goes by it.",
    ),
    Column(
        "behind the best (95 %)",
        _behind,
        "Image AUROC of the best less this one's, by drawing the same pictures anew for both "
        "(paired bootstrap). Where the interval holds 0, the pictures cannot tell the two apart.",
    ),
    Column(
        "AP",
        lambda row: figure(row.measured.evaluation.image_average_precision),
        "Average precision of whole pictures.",
    ),
    Column(
        "F1-max",
        lambda row: figure(row.measured.evaluation.image_f1_max),
        "F1 at the threshold that suits these pictures best; no limit to use.",
    ),
    Column(
        "pixel AUROC",
        lambda row: figure(row.measured.evaluation.pixel_auroc),
        f"The same chance for pixels; {NOTHING} without a map or without masks.",
    ),
    Column(
        "AU-PRO (0.3)",
        lambda row: figure(row.measured.evaluation.au_pro_30),
        "How much of each marked defect the map finds, up to a false-positive rate of 0.3.",
    ),
    Column(
        "AU-PRO (0.05)",
        lambda row: figure(row.measured.evaluation.au_pro_05),
        "The same up to 0.05, which a line could bear.",
    ),
)

COST = (
    Column(
        "fit s",
        lambda row: f"{row.measured.fit_s:.1f}",
        "Seconds of the fit: reading the pictures, fitting, placing the limits.",
    ),
    Column(
        "p50 ms",
        lambda row: f"{row.measured.evaluation.latency_ms['p50']:.1f}",
        "Median time of one inspection from the decoded picture to the verdict.",
    ),
    Column(
        "p95 ms",
        lambda row: f"{row.measured.evaluation.latency_ms['p95']:.1f}",
        "The time that 95 % of the inspections stay below.",
    ),
    Column(
        "fit memory MB (its own)",
        _memory,
        "Most memory that a process of its own held until the fit was done. In brackets without "
        "what Python and the libraries held before it began.",
    ),
    Column("fit GPU MB", _gpu, "Most memory taken on the GPU during the fit."),
    Column(
        "release MB",
        lambda row: f"{row.measured.evaluation.release_mb:.1f}",
        "Size of the release on disk.",
    ),
)


def columns_for(columns: tuple[Column, ...], rows: tuple[Row, ...]) -> tuple[Column, ...]:
    """Leave out the memory of a GPU where none was used."""
    return tuple(
        column
        for column in columns
        if column.text is not _gpu or any(row.measured.fit_gpu_peak_mb for row in rows)
    )
