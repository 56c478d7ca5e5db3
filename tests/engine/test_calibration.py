from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest

from engine.calibration import count_alarms, judge, limits_from, rate_interval
from engine.errors import RecipeError
from engine.recipe import Rule
from engine.types import Limits, Region, Verdict

LIMITS = Limits(t1=2.0, t2=3.0, pixel=1.5)


def ranked(count: int, seed: int = 0) -> np.ndarray:
    """Scores 1 to `count` in any order: the score is the rank from below."""
    return np.random.default_rng(seed).permutation(np.arange(1, count + 1)).astype(np.float32)


def region(area_px: float) -> Region:
    return Region(0, 0, 9, 9, area_px=area_px, peak=2.0, peak_x=1, peak_y=1)


class TestLimitsFrom:
    @pytest.mark.parametrize(
        ("count", "above_t1", "above_t2"),
        [
            (2, 1, 0),
            (49, 1, 0),  # fewer than 1 / (2 f): T1 is the second largest
            (50, 1, 0),
            (99, 1, 0),  # fewer than 1 / f: T2 is the largest
            (100, 2, 1),
            (149, 2, 1),
            (150, 3, 1),
            (700, 14, 7),
            (1000, 20, 10),
        ],
    )
    def test_at_1_percent(self, count: int, above_t1: int, above_t2: int) -> None:
        limits = limits_from(ranked(count), 10 * ranked(count, seed=1), 0.01)
        assert limits.t1 == count - above_t1
        assert limits.t2 == count - above_t2
        assert limits.pixel == 10 * (count - above_t2)

    @pytest.mark.parametrize("count", [50, 100, 750, 1500])
    def test_a_rate_that_no_binary_number_equals(self, count: int) -> None:
        limits = limits_from(ranked(count), ranked(count), 0.29)
        assert limits.t2 == count - 29 * count // 100
        assert limits.t1 == count - 58 * count // 100

    @settings(deadline=None)
    @given(
        scores=arrays(np.float32, st.integers(2, 300), elements=st.floats(0.125, 9, width=16)),
        rate=st.floats(0.001, 0.49),
    )
    def test_no_more_than_the_stated_share_lies_above(
        self, scores: np.ndarray, rate: float
    ) -> None:
        limits = limits_from(scores, scores[::-1], rate)
        assert np.count_nonzero(scores > limits.t2) <= rate * len(scores) + 1e-6
        assert np.count_nonzero(scores > limits.t1) <= max(1, 2 * rate * len(scores) + 1e-6)
        assert limits.t1 <= limits.t2 == limits.pixel
        assert limits.t2 in scores

    def test_ties_lie_below_the_limit_together(self) -> None:
        limits = limits_from(np.full(200, 4, np.float32), np.full(200, 5, np.float32), 0.01)
        assert limits == Limits(t1=4, t2=4, pixel=5)

    def test_the_order_of_the_pictures_plays_no_part(self) -> None:
        given_, turned = ranked(333), ranked(333)[::-1]
        assert limits_from(given_, given_, 0.02) == limits_from(turned, turned, 0.02)

    @pytest.mark.parametrize("count", [0, 1])
    def test_too_few_pictures(self, count: int) -> None:
        with pytest.raises(RecipeError, match=f"at least 2 held-out good pictures, .* {count}"):
            limits_from(ranked(count), ranked(count), 0.01)

    @pytest.mark.parametrize("foul", [np.nan, np.inf, -np.inf])
    def test_values_that_are_no_numbers(self, foul: float) -> None:
        fouled = np.append(ranked(9), np.float32(foul))
        with pytest.raises(RecipeError, match="not finite"):
            limits_from(fouled, ranked(10), 0.01)
        with pytest.raises(RecipeError, match="not finite"):
            limits_from(ranked(10), fouled, 0.01)

    def test_copies_of_one_picture_tell_nothing(self) -> None:
        with pytest.raises(RecipeError, match="copies of one another"):
            limits_from(np.zeros(20, np.float32), np.zeros(20, np.float32), 0.01)


class TestRateInterval:
    @pytest.mark.parametrize(("trials", "upper"), [(30, 0.095), (59, 0.0495), (300, 0.00994)])
    def test_where_nothing_was_observed_it_is_one_sided(self, trials: int, upper: float) -> None:
        assert rate_interval(0, trials) == (0, pytest.approx(upper, abs=5e-5))

    @pytest.mark.parametrize(("events", "trials"), [(1, 30), (5, 100), (50, 100), (29, 30)])
    def test_else_it_is_clopper_and_pearsons(self, events: int, trials: int) -> None:
        expected = binomtest(events, trials).proportion_ci(0.95, "exact")
        assert rate_interval(events, trials) == pytest.approx(tuple(expected), abs=1e-9)

    def test_where_all_were_it_reaches_1(self) -> None:
        lower, upper = rate_interval(30, 30)
        assert upper == 1
        assert lower == pytest.approx(binomtest(30, 30).proportion_ci(0.95, "exact").low)

    def test_without_trials_nothing_is_known(self) -> None:
        assert rate_interval(0, 0) == (0, 1)


SMALL, LARGE = (region(9.9),), (region(3.0), region(10.0))
OK, REVIEW, NG = Verdict.OK, Verdict.REVIEW, Verdict.NG


class TestJudge:
    @pytest.mark.parametrize(
        ("kind", "found", "expected"),
        [
            ("score", (), (OK, REVIEW, NG)),
            ("score", LARGE, (OK, REVIEW, NG)),
            ("score or region", (), (OK, REVIEW, NG)),
            ("score or region", SMALL, (OK, REVIEW, NG)),
            ("score or region", LARGE, (NG, NG, NG)),
            ("score and region", (), (OK, REVIEW, REVIEW)),
            ("score and region", SMALL, (OK, REVIEW, REVIEW)),
            ("score and region", LARGE, (OK, REVIEW, NG)),
        ],
    )
    def test_the_three_rules(
        self, kind: str, found: tuple[Region, ...], expected: tuple[Verdict, ...]
    ) -> None:
        rule = Rule(kind=kind, min_region_px=10)
        judged = [judge(score, found, limits=LIMITS, rule=rule) for score in (1.0, 2.5, 4.0)]
        assert tuple(judged) == expected

    def test_a_score_equal_to_a_limit_is_below_it(self) -> None:
        assert judge(2.0, (), limits=LIMITS, rule=Rule()) is OK
        assert judge(np.nextafter(2.0, 3), (), limits=LIMITS, rule=Rule()) is REVIEW
        assert judge(3.0, (), limits=LIMITS, rule=Rule()) is REVIEW
        assert judge(np.nextafter(3.0, 4), (), limits=LIMITS, rule=Rule()) is NG

    @pytest.mark.parametrize("foul", [np.nan, np.inf, -np.inf])
    def test_what_is_no_number_gets_no_verdict(self, foul: float) -> None:
        for kind in ("score", "score or region", "score and region"):
            with pytest.raises(ValueError, match="cannot be judged"):
                judge(foul, LARGE, limits=LIMITS, rule=Rule(kind=kind))

    @given(
        score=st.floats(0, 10),
        t2=st.tuples(st.floats(0.5, 10), st.floats(0.5, 10)),
        kind=st.sampled_from(["score", "score or region", "score and region"]),
        found=st.sampled_from([(), SMALL, LARGE]),
    )
    @settings(deadline=None)
    def test_a_higher_limit_never_judges_harder(
        self, score: float, t2: tuple[float, float], kind: str, found: tuple[Region, ...]
    ) -> None:
        strict, lenient = (LIMITS.moved_to(value) for value in sorted(t2))
        rule = Rule(kind=kind, min_region_px=10)
        hardness = [OK, REVIEW, NG]
        by_strict = judge(score, found, limits=strict, rule=rule)
        by_lenient = judge(score, found, limits=lenient, rule=rule)
        assert hardness.index(by_lenient) <= hardness.index(by_strict)


def test_alarms_are_counted_by_the_whole_rule() -> None:
    scores = np.array([1, 2.5, 4, 4], np.float32)
    found = [LARGE, (), LARGE, ()]
    counts = {
        kind: count_alarms(scores, found, limits=LIMITS, rule=Rule(kind=kind, min_region_px=10))
        for kind in ("score", "score or region", "score and region")
    }
    assert counts == {"score": 2, "score or region": 3, "score and region": 1}


def test_every_held_out_picture_needs_its_regions() -> None:
    with pytest.raises(ValueError, match="shorter"):
        count_alarms(ranked(3), [()], limits=LIMITS, rule=Rule())


def test_the_verdicts_are_ordered_by_the_limits() -> None:
    judged = [judge(s, (), limits=LIMITS, rule=Rule()) for s in np.linspace(0, 5, 101)]
    assert [verdict for verdict, _ in itertools.groupby(judged)] == [OK, REVIEW, NG]
