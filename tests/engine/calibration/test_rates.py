from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binomtest, lognorm

from engine.calibration import Rate, good_pictures_needed, rate_interval


@pytest.mark.parametrize(("rate", "needed"), [(0.01, 299), (0.05, 59), (0.1, 29), (0.001, 2995)])
def test_as_the_tables_of_tolerance_limits_say(rate: float, needed: int) -> None:
    assert good_pictures_needed(rate) == needed


@given(rate=st.floats(0.002, 0.9), level=st.floats(0.5, 0.999))
@settings(deadline=None)
def test_it_is_the_smallest_number_that_bounds_the_rate(rate: float, level: float) -> None:
    needed = good_pictures_needed(rate, level)
    assert rate_interval(0, needed, level)[1] <= rate * (1 + 1e-8)
    if needed > 1:
        assert rate_interval(0, needed - 1, level)[1] > rate


def test_a_bound_that_is_met_exactly_asks_for_no_more() -> None:
    assert good_pictures_needed(0.5, 0.75) == 2
    assert good_pictures_needed(0.2, 1 - 0.8**7) == 7


def test_the_largest_score_of_so_many_is_a_limit_of_the_rate() -> None:
    """What lies above the largest of n is Beta(1, n), whatever the distribution."""
    needed = good_pictures_needed(0.05)
    assert beta.cdf(0.05, 1, needed) >= 0.95 > beta.cdf(0.05, 1, needed - 1)
    largest = np.random.default_rng(0).lognormal(size=(4000, needed)).max(1)
    assert (lognorm.sf(largest, 1) <= 0.05).mean() == pytest.approx(0.95, abs=0.015)


def test_a_rate_knows_its_share_and_interval() -> None:
    rate = Rate(3, 40)
    assert rate.share == 0.075
    exact = binomtest(3, 40).proportion_ci(0.95, "exact")
    assert rate.interval_95 == pytest.approx((exact.low, exact.high))
    assert Rate(0, 30).interval_95 == (0, pytest.approx(1 - 0.05 ** (1 / 30)))


def test_without_trials_there_is_no_share() -> None:
    assert np.isnan(Rate(0, 0).share)
    assert Rate(0, 0).interval_95 == (0, 1)
