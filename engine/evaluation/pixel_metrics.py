"""Figures of pixels: how well anomaly maps show where the defects are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.picture_pixels import FloatMap, Mask, PicturePixels

PRO_LIMITS = (0.3, 0.05)
"""False-positive rates up to which AU-PRO is given: the field's, and one that a line could bear."""

BYTES_PER_PIXEL = 9
"""Of memory while `PooledPixels` measures: a score, its sorted copy, and little beside."""


@dataclass(frozen=True, slots=True)
class PixelFigures:
    """What all pixels of a test set say together; None where a figure is not defined.

    The figures are undefined when no defect was marked where the maps have a score, or when every
    scored pixel is defective.
    """

    auroc: float | None
    au_pro: Mapping[float, float | None]
    """AU-PRO by the false-positive rate up to which it is integrated."""
    average_precision: float | None
    n_defects: int
    """Marked defects (8-connected components of the masks) with at least one scored pixel."""
    n_defects_outside: int
    """Marked defects that lie wholly where the maps have no score; in none of the figures."""
    share_outside: float
    """Share of all pixels that have no score; in none of the figures."""


class PooledPixels:
    """Collects the pixels of one picture after another and measures them all together.

    Nothing is binned: the figures are exact. Only the scores are kept, 4 bytes per good pixel and
    12 per defective one, and about twice that while measuring: 36.7 million pixels, the magnetic
    tile test set at its own resolution, take 0.35 GB.
    """

    def __init__(self) -> None:
        self._pictures: list[PicturePixels] = []

    @property
    def pictures(self) -> tuple[PicturePixels, ...]:
        """What was collected, in order."""
        return tuple(self._pictures)

    def add(self, scores: FloatMap, mask: Mask) -> None:
        """Take in one picture, good pictures too: their pixels are most of the false alarms.

        Parameters
        ----------
        scores
            (H, W) anomaly map at the mask's resolution, compared as float32; NaN where nothing
            was inspected: such pixels count neither as good nor as defective.
        mask
            (H, W) bool, true where defective; all false for a good picture.

        Raises
        ------
        ValueError
            The shapes differ.
        """
        self._pictures.append(PicturePixels.of(scores, mask))

    def measure(self, *, limits: Collection[float] = PRO_LIMITS) -> PixelFigures:
        """Measure what was collected.

        All figures follow from two counts per defective pixel: how many good pixels score
        higher, and how many at least as high. Along the false-positive axis, counted in good
        pixels, a defective pixel is found from the first count on, and where good pixels tie with
        it, its share rises in a straight line to the second. So the area under any curve of found
        shares is a sum over defective pixels, and only the good scores need sorting.

        Parameters
        ----------
        limits
            False-positive rates up to which AU-PRO is integrated, each in (0, 1].
        """
        auroc = precision = None
        au_pro: dict[float, float | None] = dict.fromkeys(limits)
        n_good = sum(len(it.good) for it in self._pictures)
        n_defects = sum(it.n_defects for it in self._pictures)
        if n_defects and n_good:
            good = np.concatenate([it.good for it in self._pictures])
            good.sort()
            defective = np.concatenate([it.defective for it in self._pictures])
            by_score = np.argsort(defective)
            defective = defective[by_score]
            weights = np.concatenate([it.weights for it in self._pictures])[by_score]
            higher = n_good - np.searchsorted(good, defective, side="right")
            as_high = n_good - np.searchsorted(good, defective, side="left")
            auroc = float(_area(higher, as_high, reach=n_good).mean()) / n_good
            for limit in limits:
                reach = limit * n_good
                found = float(weights @ _area(higher, as_high, reach=reach))
                au_pro[limit] = min(found / (n_defects * reach), 1.0)  # not 1.0000000000000002
            hits = len(defective) - np.searchsorted(defective, defective, side="left")
            precision = float((hits / (hits + as_high)).mean())
        n_pixels = sum(it.n_pixels for it in self._pictures)
        return PixelFigures(
            auroc=auroc,
            au_pro=au_pro,
            average_precision=precision,
            n_defects=n_defects,
            n_defects_outside=sum(it.n_defects_outside for it in self._pictures),
            share_outside=sum(it.n_outside for it in self._pictures) / max(n_pixels, 1),
        )


def pixel_auroc(maps: Iterable[FloatMap], masks: Iterable[Mask]) -> float | None:
    """Give the area under the ROC curve of all pixels of all pictures pooled, good ones included.

    Parameters
    ----------
    maps, masks
        Per picture, as for `PooledPixels.add`.
    """
    return _pooled(maps, masks).measure().auroc


def au_pro(maps: Iterable[FloatMap], masks: Iterable[Mask], *, limit: float = 0.3) -> float | None:
    """Give the area under the per-region overlap curve up to a false-positive rate, over that rate.

    As defined by Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 129, 2021,
    pp. 1038-1059. PRO(t) is the share of a marked defect's pixels that score at least t, averaged
    over all 8-connected defects of the whole test set, whatever their size. The false-positive
    rate is taken over all other pixels of all pictures. Points of the curve are joined by straight
    lines, and it is cut at `limit` by interpolation. A map that knows nothing gets ``limit / 2``.

    Parameters
    ----------
    maps, masks
        Per picture, as for `PooledPixels.add`. A defect counts with the pixels that have a score.
    """
    return _pooled(maps, masks).measure(limits=[limit]).au_pro[limit]


def _pooled(maps: Iterable[FloatMap], masks: Iterable[Mask]) -> PooledPixels:
    pixels = PooledPixels()
    for scores, mask in zip(maps, masks, strict=True):
        pixels.add(scores, mask)
    return pixels


def _area(start: NDArray[np.int64], end: NDArray[np.int64], *, reach: float) -> NDArray[np.float64]:
    """Integrate, from 0 to `reach`, ramps that rise from 0 at `start` to 1 at `end` and stay."""
    run = end - start
    climbed = np.clip(reach - start, 0.0, run)
    plateau = np.maximum(reach - end, 0.0)
    area: NDArray[np.float64] = plateau + climbed**2 / (2 * np.maximum(run, 1))
    return area
