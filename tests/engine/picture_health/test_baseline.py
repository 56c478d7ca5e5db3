"""What counts as one standard deviation, from five pictures to hundreds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.picture_health.baseline import HealthBaseline, baseline, is_black
from engine.picture_health.measure import PictureHealth
from engine.picture_health.numbers import COMPARISONS, WARNING, HealthNumber
from engine.picture_health.reading import read_health

GOOD = PictureHealth(
    brightness=98.0,
    contrast=40.0,
    clipped=0.001,
    sharpness=0.06,
    still_rows=0.0,
    seam=1.2,
    position_x=0.49,
    position_y=0.51,
    aspect=1.5,
)


def lit(levels: list[float] | np.ndarray) -> list[PictureHealth]:
    return [replace(GOOD, brightness=float(level)) for level in levels]


def brightness_sigma(pictures: list[PictureHealth]) -> float:
    return baseline(pictures).usual[HealthNumber.BRIGHTNESS].sigma


def test_pictures_that_are_all_alike_get_the_floor() -> None:
    found = baseline([GOOD] * 5)
    for name, comparison in COMPARISONS.items():
        assert found.usual[name].sigma == comparison.floor
        assert found.usual[name].mean == pytest.approx(comparison.scale(getattr(GOOD, name)))
    assert found.pictures == 5


def test_many_normal_pictures_get_their_own_deviation() -> None:
    rng = np.random.default_rng(0)
    levels = 98 * np.exp(rng.normal(0, 0.05, 300))
    assert brightness_sigma(lit(levels)) == pytest.approx(np.log1p(levels).std(), rel=0.1)


@pytest.mark.parametrize("count", [5, 10, 30])
def test_the_next_good_picture_is_seldom_warned_about_however_few_there_were(count: int) -> None:
    rng = np.random.default_rng(count)
    warned = 0
    for _ in range(400):
        levels = 98 * np.exp(rng.normal(0, 0.05, count + 1))
        usual = baseline(lit(levels[:-1])).usual[HealthNumber.BRIGHTNESS]
        warned += abs(np.log1p(levels[-1]) - usual.mean) > WARNING * usual.sigma
    assert warned <= 6, "0.27 % of 400 are 1"


@given(st.lists(st.floats(1, 255), min_size=2, max_size=40))
def test_no_picture_of_the_fit_itself_is_warned_about(levels: list[float]) -> None:
    pictures = lit(levels)
    found = baseline(pictures)
    assert all(not read_health(picture, found).warning for picture in pictures)


def test_heavy_tails_that_the_fit_shows_widen_the_limits() -> None:
    levels = [98.0] * 200 + [60.0]
    assert brightness_sigma(lit(levels)) > np.log(98 / 60) / 3.1


def test_black_is_dark_with_nothing_in_it() -> None:
    assert is_black(replace(GOOD, brightness=3.0, contrast=1.5))
    assert not is_black(replace(GOOD, brightness=3.0, contrast=12.0)), "a dark-field picture"
    assert not is_black(replace(GOOD, contrast=0.0))


def test_a_baseline_is_read_back_whole_or_not_at_all() -> None:
    found = baseline(lit([90, 95, 100]))
    assert HealthBaseline.model_validate_json(found.model_dump_json()) == found
    content = found.model_dump(mode="json")
    del content["usual"]["seam"]
    with pytest.raises(ValidationError, match="each number once"):
        HealthBaseline.model_validate(content)
