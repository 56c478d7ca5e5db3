from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.synthetic.defects import LEAST_CONTRAST, Shape, draw_defect


def ground(level: int, *, height: int = 120, width: int = 160) -> np.ndarray:
    noise = np.random.default_rng(0).normal(level, 3, (height, width, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("level", [0, 60, 127, 200, 255])
def test_it_is_clear_on_any_ground(shape: Shape, level: int) -> None:
    image = ground(level)
    drawn, mask = draw_defect(image, np.random.default_rng(2), shape=shape)
    difference = np.abs(drawn.astype(int) - image).mean(axis=2)
    assert difference[mask].mean() > 0.7 * LEAST_CONTRAST
    assert 0.001 < mask.mean() < 0.05


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.data(),
    st.sampled_from([None, *Shape]),
    st.integers(0, 2**32),
)
def test_it_stays_inside_the_region_and_is_there(
    height: int, width: int, data: st.DataObject, shape: Shape | None, seed: int
) -> None:
    image = ground(100, height=height, width=width)
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    region = np.zeros((height, width), bool)
    region[top : top + data.draw(st.integers(1, 40)), left : left + 30] = True
    before = image.copy()
    drawn, mask = draw_defect(image, np.random.default_rng(seed), shape=shape, region=region)
    changed = (drawn != before).any(axis=2)
    assert np.array_equal(image, before)
    assert mask.any() and not (mask & ~region).any()
    assert changed[mask].any() and not (changed & ~region).any()


def test_a_region_must_fit() -> None:
    image, rng = ground(100), np.random.default_rng(0)
    for region in (np.zeros((120, 160), bool), np.ones((160, 120), bool)):
        with pytest.raises(ValueError, match="region"):
            draw_defect(image, rng, region=region)
