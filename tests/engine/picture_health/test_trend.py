"""A line on which the light fades, part by part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from engine.picture_health.baseline import HealthBaseline, baseline
from engine.picture_health.measure import PictureHealth
from engine.picture_health.numbers import COMPARISONS, HealthNumber
from engine.picture_health.reading import read_health
from engine.picture_health.trend import HealthTrend
from tests.engine.picture_health.test_baseline import GOOD


def line(parts: int, seed: int, *, light: np.ndarray | float = 1.0) -> list[PictureHealth]:
    """Good parts whose every number varies by twice the floor."""
    rng = np.random.default_rng(seed)
    lit = np.broadcast_to(light, parts)
    made = []
    for number in range(parts):
        values = {
            name.value: comparison.unscale(
                comparison.scale(getattr(GOOD, name)) + rng.normal(0, 2 * comparison.floor)
            )
            for name, comparison in COMPARISONS.items()
        }
        values["brightness"] *= lit[number]
        made.append(replace(GOOD, **values))
    return made


BASELINE = baseline(line(50, seed=1))


def said(trend: HealthTrend, usual: HealthBaseline, parts: Iterable[PictureHealth]) -> list[str]:
    """What the trend says, with the number of the part, from 1."""
    sentences = ((n, trend.took(read_health(p, usual))) for n, p in enumerate(parts, start=1))
    return [f"{n}: {sentence}" for n, sentence in sentences if sentence]


@pytest.mark.parametrize("seed", range(3))
def test_a_light_that_fades_by_a_tenth_over_50_parts_is_warned_about_before(seed: int) -> None:
    trend = HealthTrend(BASELINE)
    fading = line(50, seed=100 + seed, light=1 - 0.1 * np.arange(1, 51) / 50)
    (sentence,) = said(trend, BASELINE, fading)
    assert "The light is " in sentence and "lower than when the release was fitted" in sentence
    assert int(sentence.partition(":")[0]) < 50
    (drift,) = trend.drifts
    assert drift.number == HealthNumber.BRIGHTNESS and drift.sigmas < 0
    assert trend.now == drift.sentence


def test_a_line_that_does_not_change_is_left_alone() -> None:
    sentences = said(HealthTrend(BASELINE), BASELINE, line(2000, seed=2))
    assert sum("again" not in sentence for sentence in sentences) <= 1


def test_it_speaks_once_per_episode_and_again_when_all_is_well() -> None:
    trend = HealthTrend(BASELINE)
    assert trend.now == ""
    (begun,) = said(trend, BASELINE, line(400, seed=3, light=0.93))
    assert "clean the lens, check the lamp." in begun
    assert trend.now.startswith(tuple(f"The light is {share} % lower" for share in (6, 7, 8)))
    assert trend.drifts[0].parts > 300
    (ended,) = said(trend, BASELINE, line(400, seed=4))
    assert ended.endswith("The light is again as when the release was fitted.")
    assert trend.now == "" and trend.drifts == ()
    assert len(said(trend, BASELINE, line(100, seed=5, light=1.08))) == 1


def test_one_picture_in_the_dark_is_no_trend() -> None:
    trend = HealthTrend(BASELINE)
    black = replace(GOOD, brightness=1.0, clipped=1.0, sharpness=0.0, position_x=0.2)
    assert said(trend, BASELINE, [GOOD] * 20 + [black] + [GOOD] * 20) == []


def test_less_clipping_than_usual_is_nothing_to_speak_of() -> None:
    usual = baseline([replace(GOOD, clipped=0.3)] * 20)
    clear = [replace(GOOD, clipped=0.0)] * 50
    assert said(HealthTrend(usual), usual, clear) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"clipped": 0.06}, "6 % more of the picture is clipped"),
        ({"sharpness": 0.05}, "17 % less sharp"),
        ({"sharpness": 0.075}, "25 % more fine detail"),
        ({"position_x": 0.515}, "further right"),
        ({"position_y": 0.48}, "further up"),
    ],
)
def test_the_sentence_says_how_much(change: dict[str, float], words: str) -> None:
    usual = baseline([GOOD] * 20)
    trend = HealthTrend(usual)
    said(trend, usual, [replace(GOOD, **change)] * 100)
    assert words in trend.now
