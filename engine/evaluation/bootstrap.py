"""How far a figure may lie from the truth: the pictures drawn anew, again and again.

Stratified: as many good and as many defective pictures are drawn, with replacement, as there are
(Efron and Tibshirani, An Introduction to the Bootstrap, 1993, sections 8.3 and 13.3). The pictures
are taken as independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.evaluation.ranked import ImageFigure, Ranked, checked

Interval: TypeAlias = tuple[float, float]
"""Lower and upper end of a 95 % interval."""

N_RESAMPLES = 1000
SEED = 0


def resamples(labels: ArrayLike, *, n: int = N_RESAMPLES, seed: int = SEED) -> NDArray[np.int64]:
    """Draw the pictures anew; the same labels and seed give the same draws.

    Parameters
    ----------
    labels
        (N,) true where the picture is defective.

    Returns
    -------
    (n, N) int64: how often each picture was drawn.
    """
    defective = np.asarray(labels, dtype=bool)
    generator = np.random.default_rng(seed)
    drawn = np.zeros((n, len(defective)), dtype=np.int64)
    for stratum in (np.flatnonzero(~defective), np.flatnonzero(defective)):
        if len(stratum):
            even = np.full(len(stratum), 1 / len(stratum))
            drawn[:, stratum] = generator.multinomial(len(stratum), even, size=n)
    return drawn


def percentile_interval(figures: NDArray[np.float64], *, level: float = 0.95) -> Interval | None:
    """Give the middle `level` of resampled figures.

    Parameters
    ----------
    figures
        (B,) the figure of each resample; NaN where it left the figure undefined: not counted.

    Returns
    -------
    None where every resample gave the same figure, as where every picture is ranked right: a
    width of nothing would be a promise that no number of pictures can keep.
    """
    known = figures[np.isfinite(figures)]
    # Sums of floats differ in their last digits: such a width is nothing too.
    if not len(known) or np.ptp(known) < 1e-12:
        return None
    tail = 50 * (1 - level)
    low, high = (float(end) for end in np.percentile(known, (tail, 100 - tail)))
    return low, high


def bootstrap_interval(
    figure: ImageFigure,
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    level: float = 0.95,
    n: int = N_RESAMPLES,
    seed: int = SEED,
) -> Interval | None:
    """Bound a figure of whole pictures, such as ``Ranked.average_precision``.

    Parameters
    ----------
    scores, labels
        (N,) as for `Ranked.of`.

    Returns
    -------
    None where a class is missing, or where the resamples say nothing (`percentile_interval`).

    Raises
    ------
    ValueError
        Lengths differ, or a score is NaN.
    """
    values, defective = checked(scores, labels)
    if defective.all() or not defective.any():
        return None
    drawn = resamples(defective, n=n, seed=seed)
    return percentile_interval(figure(Ranked.of(values, defective, drawn)), level=level)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more the first of two gets than the second on the same pictures."""

    value: float
    interval: Interval | None
    """None where the resamples all differ by the same; see `percentile_interval`."""

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no doubt which of the two is better."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def paired_difference(
    figure: ImageFigure,
    first: ArrayLike,
    second: ArrayLike,
    labels: ArrayLike,
    *,
    level: float = 0.95,
    n: int = N_RESAMPLES,
    seed: int = SEED,
) -> Difference | None:
    """Compare two sets of scores of the same pictures by the same draws.

    What makes a draw easy or hard falls on both, so the interval is narrower than two intervals
    side by side would suggest.

    Parameters
    ----------
    figure
        Such as ``Ranked.auroc``.
    first, second
        (N,) scores; their scales need have nothing in common.
    labels
        (N,) true where the picture is defective.

    Returns
    -------
    None where a class is missing.

    Raises
    ------
    ValueError
        Lengths differ, or a score is NaN.
    """
    ours, defective = checked(first, labels)
    theirs, _ = checked(second, labels)
    if defective.all() or not defective.any():
        return None
    drawn = resamples(defective, n=n, seed=seed)
    differences = figure(Ranked.of(ours, defective, drawn)) - figure(
        Ranked.of(theirs, defective, drawn)
    )
    return Difference(
        value=float(figure(Ranked.of(ours, defective)) - figure(Ranked.of(theirs, defective))),
        interval=percentile_interval(differences, level=level),
    )
