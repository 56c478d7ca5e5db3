from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.types import FitStep, Frame, Inspection, Limits, Origin, Verdict


def origin() -> Origin:
    return Origin("folder", "7", datetime(2026, 1, 2, tzinfo=UTC), 1, False, None)


class TestFrame:
    def test_its_image_is_read_only(self) -> None:
        frame = Frame(np.zeros((4, 5, 3), np.uint8), origin())
        with pytest.raises(ValueError, match="read-only"):
            frame.image[0, 0] = 1

    def test_it_cannot_be_given_another(self) -> None:
        frame = Frame(np.zeros((4, 5, 3), np.uint8), origin())
        with pytest.raises(dataclasses.FrozenInstanceError):
            frame.image = frame.image  # type: ignore[misc]

    @pytest.mark.parametrize(
        "image",
        [np.zeros((4, 5), np.uint8), np.zeros((4, 5, 4), np.uint8), np.zeros((4, 5, 3))],
    )
    def test_it_is_rgb_of_8_bits(self, image: np.ndarray) -> None:
        with pytest.raises(ValueError, match="uint8 RGB"):
            Frame(image, origin())


class TestLimits:
    @pytest.mark.parametrize(
        "values",
        [(2, 1, 1), (-1, 1, 1), (math.nan, 1, 1), (1, math.inf, 1), (1, 2, math.nan)],
    )
    def test_they_are_finite_and_ordered(self, values: tuple[float, float, float]) -> None:
        with pytest.raises(ValueError, match="0 <= T1 <= T2"):
            Limits(*values)

    def test_one_value_may_be_both(self) -> None:
        assert Limits(t1=1, t2=1, pixel=3).t1 == 1

    @settings(deadline=None)
    @given(
        share=st.floats(0, 1),
        t2=st.floats(0.01, 100),
        pixel=st.floats(0.01, 100),
        moved=st.floats(0.01, 100),
    )
    @example(share=1.0, t2=1.375, pixel=1.0, moved=25.0)  # rounded, T1 would end above T2
    def test_moving_the_reject_limit_takes_the_others_along(
        self, share: float, t2: float, pixel: float, moved: float
    ) -> None:
        before = Limits(t1=share * t2, t2=t2, pixel=pixel)
        after = before.moved_to(moved)
        assert after.t2 == moved
        assert after.t1 == pytest.approx(before.t1 * moved / t2)
        assert after.pixel == pytest.approx(before.pixel * moved / t2)

    def test_they_cannot_be_moved_below_zero(self) -> None:
        with pytest.raises(ValueError, match="0 <= T1 <= T2"):
            Limits(t1=1, t2=2, pixel=3).moved_to(-0.1)


def test_a_step_tells_its_share() -> None:
    assert FitStep("Looking", 3, 4, None).fraction == 0.75
    assert FitStep("Looking", 0, 0, None).fraction == 1


def test_latency_is_the_sum_of_the_stages() -> None:
    inspection = Inspection(
        frame=Frame(np.zeros((4, 5, 3), np.uint8), origin()),
        score=1.0,
        map=None,
        shown_map=None,
        regions=(),
        limits=Limits(1, 2, 3),
        verdict=Verdict.OK,
        release_id="r",
        stage_ms={"preprocess": 1.5, "method": 20.0, "map": 0.5},
    )
    assert inspection.latency_ms == 22.0
