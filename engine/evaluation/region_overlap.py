"""How well the regions that the station would show agree with the marked defects.

Not AU-PRO, which knows no shown regions, no limit and no union: here one limit is in force, the
release's own, and a region that is too large costs as much as one that is too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from engine.evaluation.bootstrap import Interval, percentile_interval, resamples
from engine.evaluation.picture_pixels import EIGHT_NEIGHBOURS, FloatMap, Mask, check_shapes


@dataclass(frozen=True, slots=True)
class RegionOverlap:
    """One picture's marked defects, each with the region that overlaps it best."""

    total: float
    """The intersections over unions of the defects with their best regions, added up."""
    n_defects: int
    """Marked defects with at least one scored pixel."""


def region_overlap(scores: FloatMap, mask: Mask, *, limit: float) -> RegionOverlap:
    """Find the best region of each marked defect.

    Both are 8-connected. A defect that no region touches gets 0; one region may be the best of
    several defects, and a region that touches none is not punished here: overkill tells of it.

    Parameters
    ----------
    scores
        (H, W) anomaly map at the mask's resolution; NaN where nothing was inspected: such pixels
        belong to no region and to no defect.
    mask
        (H, W) bool, true where defective.
    limit
        The pixel limit: regions are what lies above it.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    check_shapes(scores, mask)
    if not mask.any():
        return RegionOverlap(0.0, 0)
    defect_of, n_marked = ndimage.label(mask, structure=EIGHT_NEIGHBOURS)
    region_of, n_regions = ndimage.label(scores > limit, structure=EIGHT_NEIGHBOURS)
    scored = ~np.isnan(scores)
    # One bin per pair of defect and region, 0 being neither: rows add up to the defects' areas.
    pairs = defect_of[scored].astype(np.int64) * (n_regions + 1) + region_of[scored]
    shared = np.bincount(pairs, minlength=(n_marked + 1) * (n_regions + 1))
    shared = shared.reshape(n_marked + 1, n_regions + 1)
    defect_areas, region_areas = shared.sum(axis=1)[1:, None], shared.sum(axis=0)[None, 1:]
    shared = shared[1:, 1:]
    overlaps = shared / np.maximum(defect_areas + region_areas - shared, 1)
    return RegionOverlap(
        total=float(overlaps.max(axis=1, initial=0.0).sum()),
        n_defects=int(np.count_nonzero(defect_areas)),
    )


def region_iou(pictures: Sequence[RegionOverlap]) -> float | None:
    """Give the mean over all marked defects of the overlap with their best region, 0 to 1.

    None where no defect is marked.
    """
    n_defects = sum(it.n_defects for it in pictures)
    return sum(it.total for it in pictures) / n_defects if n_defects else None


def region_iou_interval(pictures: Sequence[RegionOverlap]) -> Interval | None:
    """Bound it by drawing the pictures with marked defects anew; None as in `bootstrap`."""
    marked = [it for it in pictures if it.n_defects]
    if not marked:
        return None
    drawn = resamples(np.ones(len(marked), dtype=bool))
    totals = drawn @ np.array([it.total for it in marked])
    return percentile_interval(totals / (drawn @ np.array([it.n_defects for it in marked])))
