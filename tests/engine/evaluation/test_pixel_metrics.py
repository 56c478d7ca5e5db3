"""Pixel AUROC and AU-PRO, against scikit-learn and a walk over every threshold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.metrics import average_precision_score, roc_auc_score

from engine.evaluation.pixel_metrics import PooledPixels, au_pro, pixel_auroc


def toy():
    masks = np.zeros((6, 40, 40), dtype=bool)
    masks[0, 5:10, 5:10] = masks[0, 20:35, 20:35] = True
    masks[1, 2:4, 2:4] = masks[2, 10:30, 12:14] = True
    scores = np.round(np.random.default_rng(1).random((6, 40, 40)) + 0.6 * masks, 3)
    return scores.astype(np.float32), masks


def au_pro_by_brute_force(maps, masks, limit):
    """Walk every threshold as the definition says, then integrate point by point."""
    defects = []
    for number, mask in enumerate(masks):
        labels, n = ndimage.label(mask, np.ones((3, 3)))
        for which in range(1, n + 1):
            inside = maps[number][labels == which]
            inside = inside[~np.isnan(inside)]
            if inside.size:
                defects.append(inside)
    good = np.concatenate([m[~g & ~np.isnan(m)] for m, g in zip(maps, masks, strict=True)])
    points = [(0.0, 0.0)]
    for threshold in np.unique(np.concatenate([good, *defects]))[::-1]:
        overlap = np.mean([np.mean(inside >= threshold) for inside in defects])
        points.append((float(np.mean(good >= threshold)), float(overlap)))
    area = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 >= limit or x1 == x0:
            continue
        end = min(x1, limit)
        y_end = y0 + (y1 - y0) * (end - x0) / (x1 - x0)
        area += (end - x0) * (y0 + y_end) / 2
    return area / limit


def test_the_toy_value():
    maps, masks = toy()
    assert au_pro(maps, masks) == pytest.approx(0.76838638, abs=5e-9)


def test_all_limits_come_from_one_pass():
    maps, masks = toy()
    pixels = PooledPixels()
    for scores, mask in zip(maps, masks, strict=True):
        pixels.add(scores, mask)
    found = pixels.measure(limits=(0.3, 0.05)).au_pro
    assert found == {limit: au_pro(maps, masks, limit=limit) for limit in (0.3, 0.05)}
    assert found[0.05] == pytest.approx(au_pro_by_brute_force(maps, masks, 0.05))


@settings(deadline=None)  # other work on the machine is no failure
@given(
    seed=st.integers(0, 10_000), levels=st.integers(1, 30), limit=st.sampled_from([0.05, 0.3, 1])
)
def test_au_pro_equals_brute_force(seed, levels, limit):
    rng = np.random.default_rng(seed)
    masks = rng.random((3, 8, 9)) < 0.15
    masks[0, 2, 2] = True
    maps = np.round(rng.random((3, 8, 9)) * levels + masks).astype(np.float32)
    maps[rng.random(maps.shape) < 0.1] = np.nan
    maps[0, 2, 2] = levels
    expected = au_pro_by_brute_force(maps, masks, limit)
    assert au_pro(maps, masks, limit=limit) == pytest.approx(expected, abs=1e-12)


def test_pixel_auroc_and_precision_equal_scikit_learn():
    maps, masks = toy()
    assert pixel_auroc(maps, masks) == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()))
    pixels = PooledPixels()
    for scores, mask in zip(maps, masks, strict=True):
        pixels.add(scores, mask)
    expected = average_precision_score(masks.ravel(), maps.ravel())
    assert pixels.measure().average_precision == pytest.approx(expected)


def test_pictures_may_differ_in_size():
    maps, masks = toy()
    rolled = [maps[0].reshape(20, 80), *maps[1:]]
    reshaped = [masks[0].reshape(20, 80), *masks[1:]]
    assert pixel_auroc(rolled, reshaped) == pixel_auroc(maps, masks)


def test_a_constant_map_gets_half_of_each_axis():
    _, masks = toy()
    constant = np.full(masks.shape, 7.0, dtype=np.float32)
    assert au_pro(constant, masks) == pytest.approx(0.15)
    assert pixel_auroc(constant, masks) == 0.5


def test_a_perfect_map_gets_one():
    _, masks = toy()
    assert au_pro(masks.astype(np.float32), masks) == pytest.approx(1, abs=1e-12)
    assert pixel_auroc(masks.astype(np.float32), masks) == 1.0


def test_a_map_that_is_wrong_everywhere_gets_nothing():
    _, masks = toy()
    assert au_pro(-masks.astype(np.float32), masks) == 0.0
    assert pixel_auroc(-masks.astype(np.float32), masks) == 0.0


@pytest.mark.parametrize("transform", [lambda x: 5 * x + 3, np.exp, lambda x: -1 / (x + 1)])
def test_only_the_order_of_scores_matters(transform):
    maps, masks = toy()
    changed = transform(maps.astype(np.float64)).astype(np.float32)
    assert au_pro(changed, masks) == au_pro(maps, masks)
    assert pixel_auroc(changed, masks) == pixel_auroc(maps, masks)


def test_good_pictures_count_as_possible_false_alarms():
    maps, masks = toy()
    quiet = np.concatenate([maps, np.zeros_like(maps)])
    loud = np.concatenate([maps, np.full_like(maps, 9)])
    more = np.concatenate([masks, np.zeros_like(masks)])
    assert au_pro(loud, more) < au_pro(maps, masks) < au_pro(quiet, more)
    assert pixel_auroc(loud, more) < pixel_auroc(maps, masks) < pixel_auroc(quiet, more)


def test_every_defect_weighs_the_same_whatever_its_size():
    mask = np.zeros((20, 20), dtype=bool)
    mask[0:10, 0:10] = mask[15, 15] = True
    found_large = np.zeros((20, 20), dtype=np.float32)
    found_large[0:10, 0:10] = 1
    found_small = np.zeros((20, 20), dtype=np.float32)
    found_small[15, 15] = 1
    assert au_pro([found_large], [mask]) == pytest.approx(au_pro([found_small], [mask]))


def test_defects_that_touch_at_a_corner_are_one():
    mask = np.eye(6, dtype=bool)
    pixels = PooledPixels()
    pixels.add(np.zeros((6, 6), dtype=np.float32), mask)
    assert pixels.measure().n_defects == 1


def test_pixels_without_a_score_count_on_neither_side():
    maps, masks = toy()
    maps[:, :, :7] = np.nan  # cuts the first defect, hides the 2 × 2 one of the second picture
    scored = ~np.isnan(maps)
    pixels = PooledPixels()
    for scores, mask in zip(maps, masks, strict=True):
        pixels.add(scores, mask)
    figures = pixels.measure()
    assert figures.auroc == pytest.approx(roc_auc_score(masks[scored], maps[scored]))
    for limit, found in figures.au_pro.items():
        assert found == pytest.approx(au_pro_by_brute_force(maps, masks, limit))
    assert (figures.n_defects, figures.n_defects_outside) == (3, 1)
    assert figures.share_outside == pytest.approx(7 / 40)


def test_a_defect_is_not_split_by_pixels_without_a_score():
    mask = np.zeros((5, 9), dtype=bool)
    mask[2, 1:8] = True
    scores = np.zeros((5, 9), dtype=np.float32)
    scores[:, 4] = np.nan
    pixels = PooledPixels()
    pixels.add(scores, mask)
    assert pixels.measure().n_defects == 1


@pytest.mark.parametrize("mask_value", [False, True])
def test_without_both_kinds_of_pixels_there_is_no_figure(mask_value):
    masks = np.full((2, 4, 4), mask_value)
    maps = np.random.default_rng(0).random((2, 4, 4)).astype(np.float32)
    assert au_pro(maps, masks) is None
    assert pixel_auroc(maps, masks) is None


def test_defects_that_were_never_scored_give_no_figure():
    mask = np.zeros((4, 4), dtype=bool)
    mask[0, 0] = True
    scores = np.where(mask, np.nan, 0.0).astype(np.float32)
    assert au_pro([scores], [mask]) is None


def test_nothing_collected_gives_no_figure():
    figures = PooledPixels().measure()
    assert (figures.auroc, figures.au_pro) == (None, {0.3: None, 0.05: None})
    assert figures.share_outside == 0.0


def test_map_and_mask_must_have_one_size():
    with pytest.raises(ValueError, match="does not go with"):
        PooledPixels().add(np.zeros((4, 4), np.float32), np.zeros((4, 5), bool))
