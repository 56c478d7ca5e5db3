"""Region IoU, against sets of pixels and cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from engine.evaluation.region_overlap import (
    RegionOverlap,
    region_iou,
    region_iou_interval,
    region_overlap,
)


def by_sets(scores, mask, limit):
    """Compare every defect with every region as sets of pixels."""
    known = ~np.isnan(scores)
    defects, n_defects = ndimage.label(mask, np.ones((3, 3)))
    regions, n_regions = ndimage.label(scores > limit, np.ones((3, 3)))
    best = []
    for which in range(1, n_defects + 1):
        defect = set(np.flatnonzero((defects == which) & known))
        if defect:
            candidates = [set(np.flatnonzero(regions == r)) for r in range(1, n_regions + 1)]
            best.append(max((len(defect & c) / len(defect | c) for c in candidates), default=0.0))
    return best


@pytest.mark.parametrize("seed", range(30))
def test_equals_sets_of_pixels(seed):
    rng = np.random.default_rng(seed)
    mask = ndimage.binary_dilation(rng.random((20, 26)) < 0.02)
    scores = ndimage.gaussian_filter(rng.random((20, 26)) + 0.3 * mask, 1).astype(np.float32)
    scores[:, :3] = np.nan
    scores[:, 3] = np.nan if seed % 2 else 0
    best = by_sets(scores, mask, 0.6)
    found = region_overlap(scores, mask, limit=0.6)
    assert found.n_defects == len(best)
    assert found.total == pytest.approx(sum(best))


def test_a_region_twice_as_large_gets_half():
    mask = np.zeros((8, 8), dtype=bool)
    mask[2:4, 2:4] = True
    scores = np.zeros((8, 8), dtype=np.float32)
    scores[2:4, 2:6] = 1
    assert region_overlap(scores, mask, limit=0.5) == RegionOverlap(0.5, 1)


def test_a_score_at_the_limit_is_no_region():
    mask = np.ones((4, 4), dtype=bool)
    assert region_overlap(np.ones((4, 4), np.float32), mask, limit=1.0) == RegionOverlap(0.0, 1)


def test_the_mean_is_over_defects_not_pictures():
    found = [RegionOverlap(1.0, 1), RegionOverlap(0.5, 3), RegionOverlap(0.0, 0)]
    assert region_iou(found) == pytest.approx(1.5 / 4)
    low, high = region_iou_interval(found)
    assert low == pytest.approx(0.5 / 3)
    assert high == 1.0


def test_without_a_marked_defect_there_is_no_figure():
    good = region_overlap(np.ones((4, 4), np.float32), np.zeros((4, 4), bool), limit=0.5)
    assert (region_iou([good]), region_iou_interval([good])) == (None, None)


def test_a_defect_that_was_never_scored_does_not_count():
    mask = np.zeros((4, 6), dtype=bool)
    mask[1, 1] = mask[2, 4] = True
    scores = mask.astype(np.float32)
    scores[:, 3:] = np.nan
    assert region_overlap(scores, mask, limit=0.5) == RegionOverlap(1.0, 1)


def test_map_and_mask_must_have_one_size():
    with pytest.raises(ValueError, match="does not go with"):
        region_overlap(np.zeros((4, 4), np.float32), np.zeros((4, 5), bool), limit=0.5)
