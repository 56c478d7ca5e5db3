"""What `loupe compare --json` writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.comparison.ranking import Row
from engine.comparison.result import Comparison
from engine.evaluation.bootstrap import Interval

_FIGURES = (
    "image_auroc",
    "image_average_precision",
    "image_f1_max",
    "pixel_auroc",
    "au_pro_30",
    "au_pro_05",
    "region_iou",
)
"""Each with an interval ``…_95`` beside it."""


def comparison_report(found: Comparison, data: Path) -> dict[str, Any]:
    """Give everything a program may want to know; candidates best first."""
    return {
        "data": str(data),
        "data_sha256": found.split.sha256,
        "ranked_by": "drawn defects" if found.split.drawn else "labelled pictures",
        "conclusion": found.conclusion,
        "remarks": list(found.remarks),
        "n_fitted_on": found.n_fitted_on,
        "n_good": found.n_good,
        "n_defective": found.n_defective,
        "candidates": [_row(row) for row in found.rows],
        "not_measured": [
            {"name": missing.name, "reason": missing.reason} for missing in found.not_measured
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    measured, evaluation = row.measured, row.measured.evaluation
    figures: dict[str, Any] = {}
    for name in _FIGURES:
        figures[name] = getattr(evaluation, name)
        figures[f"{name}_95"] = _listed(getattr(evaluation, f"{name}_95"))
    return {
        "name": row.name,
        "method": evaluation.method,
        "backbone": evaluation.backbone,
        **figures,
        "per_class": dict(evaluation.per_class),
        "fit_s": measured.fit_s,
        "latency_ms": dict(evaluation.latency_ms),
        "fit_peak_mb": measured.fit_peak_mb,
        "start_mb": measured.start_mb,
        "fit_gpu_peak_mb": measured.fit_gpu_peak_mb,
        "release_mb": evaluation.release_mb,
        "behind_best": row.behind
        and {
            "image_auroc": row.behind.value,
            "image_auroc_95": _listed(row.behind.interval),
            "is_clear": row.behind.is_clear,
        },
        "n_unreadable": evaluation.n_unreadable,
        "results": row.key,
    }


def _listed(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
