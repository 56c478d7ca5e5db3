"""On which pictures maps differ most."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.disagreement import CandidateMaps, disagreements, most_different
from engine.preprocess import Preprocessing

SIZE = Preprocessing(size=64)


def maps_of(*levels: float, limit: float = 1.0, cells: int = 8) -> CandidateMaps:
    """One even map per picture, in multiples of the limit."""
    compact = np.stack([np.full((cells, cells), it * limit, np.float32) for it in levels])
    return CandidateMaps(compact, SIZE, limit)


def test_the_scale_is_the_heatmaps_and_not_the_methods() -> None:
    ours = maps_of(0.0, 1.0, 0.5, limit=1.0)
    theirs = maps_of(0.0, 1.0, 3.0, limit=250.0, cells=16)
    # Clear at half the limit, full from twice the limit on.
    assert disagreements([ours, theirs]) == pytest.approx([0.0, 0.0, 1.0], abs=1e-5)


def test_it_is_the_mean_over_all_pairs() -> None:
    three = [maps_of(0.0), maps_of(1.0), maps_of(2.0)]
    assert disagreements(three) == pytest.approx([(1 / 3 + 1 + 2 / 3) / 3], abs=1e-5)


def test_a_defect_that_one_of_them_misses_comes_first() -> None:
    rng = np.random.default_rng(0)
    compact = np.abs(rng.normal(0.2, 0.05, (6, 8, 8))).astype(np.float32)
    found = compact.copy()
    found[4, 3:5, 3:5] = 2.5
    figures = disagreements([CandidateMaps(compact, SIZE, 1.0), CandidateMaps(found, SIZE, 1.0)])
    assert most_different(figures, count=1) == [4]


def test_what_one_could_not_inspect_has_no_figure() -> None:
    ours, theirs = maps_of(0.0, 1.0), maps_of(1.0, 1.5)
    theirs.compact[0] = np.nan
    figures = disagreements([ours, theirs])
    assert np.isnan(figures[0])
    assert most_different(figures, count=5) == [1]


def test_without_a_limit_every_anomaly_is_above_it() -> None:
    ours = CandidateMaps(np.zeros((1, 8, 8), np.float32), SIZE, 0.0)
    theirs = CandidateMaps(np.full((1, 8, 8), 1e-3, np.float32), SIZE, 0.0)
    assert disagreements([ours, theirs]) == pytest.approx([1.0])
