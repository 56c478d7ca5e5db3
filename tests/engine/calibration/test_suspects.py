from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import median_abs_deviation

from engine.calibration.suspects import suspects


def test_by_hand() -> None:
    scores = [1.0, 2.0, 3.0, 4.0, 5.0, 20.0, 11.0]  # median 4, distances 3 2 1 0 1 16 7, MAD 2
    (found,) = suspects(scores)
    assert (found.number, found.score) == (5, 20)
    assert found.deviations == pytest.approx(16 / (1.4826 * 2))


def test_as_scipy_measures_it() -> None:
    scores = np.random.default_rng(3).gamma(9, size=300)
    scores[[17, 40, 200]] += [30, 50, 20]
    limit = np.median(scores) + 5 * median_abs_deviation(scores, scale="normal")
    found = suspects(scores)
    assert {suspect.number for suspect in found} == set(np.flatnonzero(scores > limit))
    assert [suspect.number for suspect in found[:3]] == [40, 17, 200], "farthest first"


def test_good_pictures_are_left_in_peace() -> None:
    rng = np.random.default_rng(0)
    assert sum(len(suspects(rng.normal(10, 1, 50))) for _ in range(200)) <= 2


def test_a_very_low_score_is_no_suspicion() -> None:
    assert suspects([0.0, *np.linspace(10, 11, 30)]) == ()


def test_where_most_are_equal_the_mean_deviation_serves() -> None:
    scores = [2.0] * 30 + [2.5, 40.0]
    (found,) = suspects(scores)
    mean_deviation = np.abs(np.array(scores) - 2).mean()
    assert found.deviations == pytest.approx(38 / (np.sqrt(np.pi / 2) * mean_deviation))


@pytest.mark.parametrize("scores", [[], [3.0], [2.0, 2.0, 2.0]])
def test_where_nothing_differs_nothing_is_suspect(scores: list[float]) -> None:
    assert suspects(scores) == ()
