"""Intervals of pixel figures, against maps that are really drawn again."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.bootstrap import resamples
from engine.evaluation.picture_pixels import PicturePixels
from engine.evaluation.pixel_bootstrap import PixelCounts, pixel_intervals
from engine.evaluation.pixel_metrics import au_pro, pixel_auroc

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(2)
    masks = np.zeros((12, 32, 32), dtype=bool)
    for number in range(8):
        row, column = rng.integers(0, 24, 2)
        masks[number, row : row + 6, column : column + 5] = True
    masks[3, 30:, 30:] = True
    maps = rng.normal(size=masks.shape) + 1.5 * masks * rng.random((12, 1, 1))
    maps[:, :, 0] = np.nan
    return maps.astype(np.float32), masks


def pixels_of(pictures):
    return [PicturePixels.of(scores, mask) for scores, mask in zip(*pictures, strict=True)]


def test_every_draw_has_the_figures_of_the_pictures_drawn(pictures):
    maps, masks = pictures
    drawn = resamples(masks.any(axis=(1, 2)), n=6)
    counts = PixelCounts.of(pixels_of(pictures))
    for number, times in enumerate(drawn):
        again = [np.repeat(which, times, axis=0) for which in (maps, masks)]
        expected = pixel_auroc(*again)
        assert counts.auroc(drawn)[number] == pytest.approx(expected, abs=1e-3)
        for limit in (0.3, 0.05):
            expected = au_pro(*again, limit=limit)
            found = counts.au_pro(drawn, limit=limit)[number]
            assert found == pytest.approx(expected, abs=3e-3)


def test_with_a_threshold_per_score_nothing_is_lost(pictures):
    maps, masks = pictures
    coarse = np.round(maps * 3) / 3
    once = np.ones((1, 12), dtype=np.int64)
    counts = PixelCounts.of(pixels_of((coarse, masks)), n_thresholds=20_000)
    assert counts.auroc(once)[0] == pytest.approx(pixel_auroc(coarse, masks), abs=1e-4)
    assert counts.au_pro(once, limit=0.3)[0] == pytest.approx(au_pro(coarse, masks), abs=1e-4)


def test_intervals_hold_the_figures(pictures):
    maps, masks = pictures
    found = pixel_intervals(pixels_of(pictures))
    assert found.auroc[0] < pixel_auroc(maps, masks) < found.auroc[1]
    for limit in (0.3, 0.05):
        low, high = found.au_pro[limit]
        assert low < au_pro(maps, masks, limit=limit) < high


def test_one_defective_picture_among_good_ones_has_an_interval_of_its_false_alarms(pictures):
    maps, masks = pictures
    found = pixel_intervals(pixels_of((maps[7:], masks[7:])))
    assert found.auroc[1] - found.auroc[0] > 0


@pytest.mark.parametrize("everywhere", [False, True])
def test_without_both_kinds_of_pixels_there_is_no_interval(everywhere):
    maps = np.random.default_rng(0).random((3, 4, 4)).astype(np.float32)
    found = pixel_intervals(pixels_of((maps, np.full((3, 4, 4), everywhere))))
    assert (found.auroc, found.au_pro) == (None, {0.3: None, 0.05: None})


def test_nothing_collected_gives_no_interval():
    assert pixel_intervals([]).auroc is None


def test_a_draw_without_good_pixels_is_left_out():
    rng = np.random.default_rng(1)
    maps = rng.random((4, 6, 6)).astype(np.float32)
    masks = np.ones((4, 6, 6), dtype=bool)
    masks[0, :3] = masks[1, :2] = False  # two of four draws of a thousand have neither
    found = pixel_intervals(pixels_of((maps, masks)))
    assert np.isfinite(found.auroc).all()
