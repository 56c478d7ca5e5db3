"""What is warned about, what is a fault, and what is said."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from engine.errors import UnfitPictureError
from engine.picture_health.baseline import baseline
from engine.picture_health.measure import PictureHealth
from engine.picture_health.numbers import COMPARISONS, HealthNumber
from engine.picture_health.reading import check_health, read_health
from tests.engine.picture_health.test_baseline import GOOD

BASELINE = baseline([GOOD] * 5)


def moved(name: HealthNumber, sigmas: float) -> PictureHealth:
    """A good picture with one number so many standard deviations away."""
    comparison, usual = COMPARISONS[name], BASELINE.usual[name]
    value = comparison.unscale(usual.mean + sigmas * usual.sigma)
    return replace(GOOD, **{name.value: value})


def test_a_good_picture_is_not_spoken_of() -> None:
    reading = check_health(GOOD, BASELINE)
    assert reading.warning == ""
    assert set(reading.values) == {field.name for field in fields(PictureHealth)}
    assert set(reading.sigmas) == set(HealthNumber)
    assert reading.sigmas["brightness"] == pytest.approx(0)


FAULTS = {
    (HealthNumber.ASPECT, -1): "too tall",
    (HealthNumber.ASPECT, 1): "too wide",
    (HealthNumber.STILL_ROWS, 1): "not transmitted whole",
    (HealthNumber.SEAM, 1): "torn",
    (HealthNumber.BRIGHTNESS, -1): "too dark",
    (HealthNumber.BRIGHTNESS, 1): "too bright",
    (HealthNumber.CLIPPED, 1): "clipped",
    (HealthNumber.SHARPNESS, -1): "out of focus",
}
WARNINGS = {
    (HealthNumber.SHARPNESS, 1): "more fine detail",
    (HealthNumber.POSITION_X, -1): "elsewhere",
    (HealthNumber.POSITION_X, 1): "elsewhere",
    (HealthNumber.POSITION_Y, -1): "elsewhere",
    (HealthNumber.POSITION_Y, 1): "elsewhere",
}
ALL = FAULTS | WARNINGS


@pytest.mark.parametrize(("number", "side"), ALL)
def test_three_deviations_warn(number: HealthNumber, side: int) -> None:
    assert check_health(moved(number, 2.9 * side), BASELINE).warning == ""
    reading = check_health(moved(number, 3.1 * side), BASELINE)
    assert ALL[number, side] in reading.warning
    assert reading.sigmas[number] == pytest.approx(3.1 * side)


@pytest.mark.parametrize(("number", "side"), FAULTS)
def test_five_deviations_are_a_fault(number: HealthNumber, side: int) -> None:
    check_health(moved(number, 4.9 * side), BASELINE)
    with pytest.raises(UnfitPictureError, match=FAULTS[number, side]) as caught:
        check_health(moved(number, 5.1 * side), BASELINE)
    assert caught.value.reading.sigmas[number] == pytest.approx(5.1 * side)
    assert caught.value.reading.warning == str(caught.value)


@pytest.mark.parametrize(("number", "side"), WARNINGS)
def test_what_a_defect_may_do_is_never_a_fault(number: HealthNumber, side: int) -> None:
    assert ALL[number, side] in check_health(moved(number, 20 * side), BASELINE).warning


@pytest.mark.parametrize(
    "number", [HealthNumber.STILL_ROWS, HealthNumber.SEAM, HealthNumber.CLIPPED]
)
def test_less_than_usual_of_what_is_bad_means_nothing(number: HealthNumber) -> None:
    assert check_health(moved(number, -20), BASELINE).warning == ""


def test_black_is_a_fault_whatever_the_baseline() -> None:
    black = replace(GOOD, brightness=2.0, contrast=1.0)
    with pytest.raises(UnfitPictureError, match="black"):
        check_health(black, baseline([black] * 5))


def test_the_sentence_says_which_number_its_value_the_baseline_and_what_to_do() -> None:
    with pytest.raises(UnfitPictureError) as caught:
        check_health(replace(GOOD, brightness=47.0), BASELINE)
    assert str(caught.value) == (
        "The picture is too dark: brightness 47 of 255, in good pictures 98 of 255 (36.2 σ). "
        "Check the light and the exposure, and clean the lens."
    )


def test_what_explains_the_others_is_said_first() -> None:
    half_black = replace(GOOD, brightness=50.0, still_rows=0.5, sharpness=0.02)
    with pytest.raises(UnfitPictureError, match="not transmitted whole"):
        check_health(half_black, BASELINE)


def test_a_fault_is_told_before_a_warning_and_may_be_read_without_an_error() -> None:
    unfit = replace(moved(HealthNumber.SEAM, 4), sharpness=0.02)
    assert "out of focus" in read_health(unfit, BASELINE).warning
