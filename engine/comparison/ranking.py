"""Candidates best first, and how far each of the others lies behind: told by the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.comparison.measured import Measured
from engine.evaluation.bootstrap import Difference, paired_difference
from engine.evaluation.labelled import Dataset
from engine.evaluation.ranked import Ranked


@dataclass(frozen=True)
class Row:
    """One candidate that has figures."""

    name: str
    key: str
    """Under which its results are kept."""
    measured: Measured
    behind: Difference | None
    """Image AUROC of the best less this one's, on the pictures that both inspected. None for the
    best itself, and where the pictures give no such figure."""

    @property
    def image_auroc(self) -> float | None:
        """What decides the order."""
        return self.measured.evaluation.image_auroc


def ranked_rows(measured: Sequence[tuple[str, str, Measured]], dataset: Dataset) -> tuple[Row, ...]:
    """Put candidates in order of their image AUROC, best first.

    Where two are equal, the one with the higher AU-PRO(0.3) comes first, then the faster one.

    Parameters
    ----------
    measured
        Name, key and figures of each.
    dataset
        What they were tested with.
    """
    if not measured:
        return ()
    order = sorted(measured, key=lambda one: _rank(one[2]), reverse=True)
    best = order[0][2]
    return tuple(
        Row(name, key, one, None if one is best else _behind(best, one, dataset))
        for name, key, one in order
    )


def _rank(measured: Measured) -> tuple[float, float, float]:
    evaluation = measured.evaluation
    figures = (evaluation.image_auroc, evaluation.au_pro_30)
    auroc, au_pro = (-1.0 if figure is None else figure for figure in figures)
    return auroc, au_pro, -evaluation.latency_ms["p50"]


def _behind(best: Measured, other: Measured, dataset: Dataset) -> Difference | None:
    rows = [
        (ours.score, theirs.score, picture.defect_class is not None)
        for ours, theirs, picture in zip(best.tested, other.tested, dataset.test, strict=True)
        if ours is not None and theirs is not None
    ]
    if not rows:
        return None
    first, second, defective = (np.array(column) for column in zip(*rows, strict=True))
    return paired_difference(Ranked.auroc, first, second, defective)
