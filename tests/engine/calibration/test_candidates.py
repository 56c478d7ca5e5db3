"""Limits to choose from, against scikit-learn and against every limit tried one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve

from engine.calibration import judge, limits_from
from engine.calibration.candidates import Aim, Outcome, Wishes, candidates, outcome
from engine.calibration.sample import Sample
from engine.errors import RecipeError
from engine.recipe import Rule
from engine.types import Limits, Region, Verdict

BASE = Limits(t1=1.0, t2=1.0, pixel=1.0)
BAND = Limits(t1=1.6, t2=2.0, pixel=0.5)
SCORE = Rule()
KINDS = ("score", "score or region", "score and region")


def sample(scores: object, levels: object = None) -> Sample:
    values = np.array(scores, np.float32)
    peaks = values if levels is None else np.array(levels, np.float32)
    return Sample(values.astype(np.float64), peaks, None if levels is None else peaks)


def drawn(seed: int, count: int, shift: float = 0.0) -> Sample:
    rng = np.random.default_rng(seed)
    return sample(rng.gamma(9, 0.2, count) + shift, rng.gamma(9, 0.05, count) + shift / 4)


def placed(good: Sample, ng: Sample | None = None, **how: object) -> dict[Aim, Outcome]:
    options: dict[str, object] = {"base": BASE, "rule": SCORE, "wishes": Wishes()} | how
    return candidates(good, ng, **options)  # type: ignore[arg-type]


class TestByHand:
    good = sample([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    ng = sample([8.5, 9.5, 12, 14, 20])

    def found(self, **numbers: float) -> dict[Aim, Outcome]:
        return placed(self.good, self.ng, wishes=Wishes(**numbers))

    def test_max_overkill_lies_on_a_good_score(self) -> None:
        found = self.found(max_overkill=0.2)[Aim.MAX_OVERKILL]
        assert found.limits.t2 == 8
        assert (found.overkill.events, found.escape and found.escape.events) == (2, 0)

    def test_max_escape_lies_in_the_middle_of_its_stretch(self) -> None:
        found = self.found(max_escape=0.4)[Aim.MAX_ESCAPE]
        assert found.limits.t2 == pytest.approx(11), "from good 10 to the third NG, 12"
        assert (found.overkill.events, found.escape and found.escape.events) == (0, 2)

    def test_zero_escape_keeps_its_margin_from_the_lowest_ng_picture(self) -> None:
        found = self.found(margin=0.2)[Aim.ZERO_ESCAPE]
        assert found.limits.t2 == pytest.approx(0.8 * 8.5)
        assert found.overkill.events == 4
        assert found.escape is not None and found.escape.interval_95[1] == pytest.approx(
            0.451, abs=1e-3
        )

    @pytest.mark.parametrize("margin", [0, 1e-12])
    def test_zero_escape_lets_none_go_even_without_a_margin(self, margin: float) -> None:
        found = self.found(margin=margin)[Aim.ZERO_ESCAPE]
        assert found.escape is not None and found.escape.events == 0
        assert found.limits.t2 == pytest.approx(8.5)

    def test_f1_max(self) -> None:
        found = self.found()[Aim.F1_MAX]
        assert found.limits.t2 == pytest.approx((8 + 8.5) / 2)
        assert found.f1 == pytest.approx(2 * 5 / (5 + 2 + 5))

    def test_equal_error(self) -> None:
        found = self.found()[Aim.EQUAL_ERROR]
        assert found.overkill.share == found.escape.share == 0.2  # type: ignore[union-attr]
        assert found.limits.t2 == pytest.approx((8.5 + 9) / 2), "one good and one NG beyond"

    def test_the_false_alarm_rate_places_all_three_limits(self) -> None:
        found = self.found(false_alarm_rate=0.2)[Aim.FALSE_ALARM_RATE]
        assert found.limits == Limits(t1=6, t2=8, pixel=8)
        assert (found.overkill.events, found.good_review) == (2, 2)


def test_a_review_band_keeps_its_ratio_and_decides_what_escapes() -> None:
    base = Limits(t1=0.8, t2=1.0, pixel=2.0)
    found = placed(sample([1, 2, 3]), sample([8.0, 10.0]), base=base)
    zero = found[Aim.ZERO_ESCAPE].limits
    assert zero.t2 == pytest.approx(0.9 * 8 / 0.8)
    assert (zero.t1 / zero.t2, zero.pixel / zero.t2) == pytest.approx((0.8, 2.0))
    assert found[Aim.MAX_ESCAPE].limits.t2 == pytest.approx((3 + 10) / 2), "T1 is 8 at T2 10"
    assert found[Aim.MAX_ESCAPE].escape.events == 0  # type: ignore[union-attr]


def test_f1_as_scikit_learn_finds_it() -> None:
    good, ng = drawn(1, 80), drawn(2, 30, shift=0.8)
    scores = np.concatenate([good.scores, ng.scores])
    precision, recall, _ = precision_recall_curve(np.arange(110) >= 80, scores)
    best = np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12))
    assert placed(good, ng)[Aim.F1_MAX].f1 == pytest.approx(best)


@given(seed=st.integers(0, 999), count=st.integers(2, 150), rate=st.floats(0.005, 0.4))
@settings(deadline=None, max_examples=15)
def test_by_the_score_alone_both_rates_give_the_limits_of_a_fit(
    seed: int, count: int, rate: float
) -> None:
    good = drawn(seed, count)
    assert good.map_peaks is not None
    wishes = Wishes(false_alarm_rate=rate, max_overkill=rate)
    found = placed(good, wishes=wishes, base=BAND)
    assert found[Aim.FALSE_ALARM_RATE].limits == limits_from(good.scores, good.map_peaks, rate)
    assert found[Aim.MAX_OVERKILL].limits.t2 == found[Aim.FALSE_ALARM_RATE].limits.t2
    assert set(found) == {Aim.FALSE_ALARM_RATE, Aim.MAX_OVERKILL}, "the others need NG pictures"


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 9999))
@settings(deadline=None, max_examples=5)
def test_no_limit_does_better_by_the_whole_rule(kind: str, seed: int) -> None:
    rule = Rule(kind=kind, min_region_px=4)
    good, ng = drawn(seed, 25), drawn(seed + 1, 12, shift=0.6)
    wishes = Wishes(false_alarm_rate=0.08, max_overkill=0.12, max_escape=0.25)
    found = placed(good, ng, base=BAND, rule=rule, wishes=wishes)
    tried = [
        outcome(BAND.moved_to(t2), good, ng, rule)
        for t2 in np.geomspace(0.1, 50, 200)  # far beyond every score on both sides
    ]
    overkill = [one.overkill.events for one in tried]
    escape = [one.escape.events for one in tried if one.escape is not None]
    allowed = [e for o, e in zip(overkill, escape, strict=True) if o <= 3]
    assert found[Aim.MAX_OVERKILL].overkill.events <= 3
    assert found[Aim.MAX_OVERKILL].escape.events <= min(allowed)  # type: ignore[union-attr]
    kept = [o for o, e in zip(overkill, escape, strict=True) if e <= 3]
    assert found[Aim.MAX_ESCAPE].escape.events <= 3  # type: ignore[union-attr]
    assert found[Aim.MAX_ESCAPE].overkill.events <= min(kept)
    assert found[Aim.ZERO_ESCAPE].escape.events == 0  # type: ignore[union-attr]
    assert found[Aim.F1_MAX].f1 >= max(one.f1 or 0 for one in tried) - 1e-12  # type: ignore[operator]
    error = found[Aim.EQUAL_ERROR]
    assert (
        abs(error.overkill.share - error.escape.share)
        <= min(  # type: ignore[union-attr]
            abs(o / 25 - e / 12) for o, e in zip(overkill, escape, strict=True)
        )
        + 1e-12
    )
    assert found[Aim.FALSE_ALARM_RATE].overkill.events <= 2


def test_two_ways_to_alarm_are_raised_until_the_rate_is_kept() -> None:
    scores, levels = np.arange(1, 101.0), np.arange(100, 0, -1.0)
    good = sample(scores, levels)
    wishes = Wishes(false_alarm_rate=0.05)
    by_score = placed(good, wishes=wishes)[Aim.FALSE_ALARM_RATE]
    whole = placed(good, wishes=wishes, rule=Rule(kind="score or region"))[Aim.FALSE_ALARM_RATE]
    assert by_score.limits == Limits(t1=90, t2=95, pixel=95)
    assert outcome(by_score.limits, good, None, Rule(kind="score or region")).overkill.events == 10
    assert whole.overkill.events <= 5
    assert whole.limits.t2 == pytest.approx(98), "two by score and two by region lie above"
    assert whole.limits.pixel / whole.limits.t2 == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdicts_are_those_of_the_judge(kind: str) -> None:
    rule = Rule(kind=kind, min_region_px=4)
    good = drawn(5, 200)
    assert good.region_levels is not None
    large = (Region(0, 0, 2, 2, area_px=4, peak=9, peak_x=0, peak_y=0),)
    verdicts = [
        judge(float(score), large if level > BAND.pixel else (), limits=BAND, rule=rule)
        for score, level in zip(good.scores, good.region_levels, strict=True)
    ]
    assert good.ng(BAND, rule).tolist() == [it is Verdict.NG for it in verdicts]
    assert good.ok(BAND, rule).tolist() == [it is Verdict.OK for it in verdicts]


def test_a_method_without_a_map_has_no_pixel_limit() -> None:
    found = placed(Sample(np.arange(1, 50.0)), base=Limits(t1=1.6, t2=2.0, pixel=0))
    assert found[Aim.FALSE_ALARM_RATE].limits == Limits(t1=48, t2=49, pixel=0)


def test_ng_pictures_that_score_0_escape_at_any_limit() -> None:
    found = placed(sample([1, 2, 3]), sample([0.0, 9.0]))
    assert Aim.ZERO_ESCAPE not in found and Aim.MAX_ESCAPE not in found
    assert found[Aim.F1_MAX].f1 == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("good", "ng", "base", "sentence"),
    [
        ([4, 4, 4], [4], BASE, "All 4 pictures score 4, so no limit can tell them apart"),
        ([4, 4, 4], None, BASE, "All 3 pictures score 4"),
        ([4], [5], BASE, "at least 2 held-out good pictures"),
        ([], [5], BASE, "at least 2 held-out good pictures"),
        ([1, np.nan], None, BASE, "not finite"),
        ([1, 2], None, Limits(t1=0, t2=0, pixel=1), "has a limit of 0"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    good: list[float], ng: list[float] | None, base: Limits, sentence: str
) -> None:
    with pytest.raises(RecipeError, match=sentence):
        placed(sample(good), None if ng is None else sample(ng), base=base)


def test_a_thousand_pictures_take_no_time_to_speak_of() -> None:
    found = placed(drawn(1, 800), drawn(2, 200, shift=1), base=BAND, rule=Rule(kind=KINDS[1]))
    assert len(found) == len(Aim)
