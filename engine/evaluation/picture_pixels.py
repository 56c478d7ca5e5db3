"""What one picture's anomaly map and mask add to the figures of all pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatMap: TypeAlias = NDArray[np.floating[Any]]
Mask: TypeAlias = NDArray[np.bool_]

EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class PicturePixels:
    """The scores of one picture, sorted: 4 bytes per good pixel, 12 per defective one."""

    good: NDArray[np.float32]
    """(G,) scores outside every marked defect, ascending."""
    defective: NDArray[np.float32]
    """(D,) scores inside, ascending."""
    weights: NDArray[np.float64]
    """(D,) one over the number of scored pixels of the pixel's defect; each defect sums to 1."""
    n_pixels: int
    """All pixels, those without a score included."""
    n_defects: int
    """Marked defects with at least one scored pixel."""
    n_defects_outside: int
    """Marked defects without any."""

    @classmethod
    def of(cls, scores: FloatMap, mask: Mask) -> PicturePixels:
        """Take the pixels of a map apart; the parameters are those of `PooledPixels.add`."""
        check_shapes(scores, mask)
        scored = ~np.isnan(scores)
        good = scores[scored & ~mask].astype(np.float32)
        good.sort()
        defect_of, n_marked = (
            ndimage.label(mask, structure=EIGHT_NEIGHBOURS)
            if mask.any()
            else (np.zeros(mask.shape, dtype=np.int32), 0)
        )
        seen = scored & mask
        defects = defect_of[seen]
        sizes = np.bincount(defects, minlength=n_marked + 1)
        defective = scores[seen].astype(np.float32)
        order = np.argsort(defective)
        n_seen = int(np.count_nonzero(sizes))
        return cls(
            good=good,
            defective=defective[order],
            weights=1.0 / sizes[defects[order]],
            n_pixels=scores.size,
            n_defects=n_seen,
            n_defects_outside=n_marked - n_seen,
        )

    @property
    def n_outside(self) -> int:
        """How many pixels have no score."""
        return self.n_pixels - len(self.good) - len(self.defective)


def check_shapes(scores: FloatMap, mask: Mask) -> None:
    """Raise ValueError where a map and a mask do not lie on one another."""
    if scores.shape != mask.shape or mask.ndim != 2:
        raise ValueError(f"A map {scores.shape} does not go with a mask {mask.shape}.")
