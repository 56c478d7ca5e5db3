from __future__ import annotations

import pytest

from engine.calibration.held_out import draw_apart, draw_held_out
from engine.errors import RecipeError


def parts(count: int, pictures: int = 1) -> list[str]:
    return [f"part {number}" for number in range(count) for _ in range(pictures)]


@pytest.mark.parametrize(("count", "drawn"), [(2, 1), (3, 1), (4, 2), (10, 2), (11, 3), (100, 20)])
def test_whole_parts_with_a_fifth_of_the_pictures(count: int, drawn: int) -> None:
    for seed in range(5):
        held_out = draw_held_out(parts(count, 3), seed=seed)
        assert len(held_out) == drawn and held_out < set(parts(count))
    assert draw_held_out(parts(count), seed=1) == draw_held_out(parts(count), seed=1)


def test_two_pictures_on_each_side_are_enough() -> None:
    assert len(draw_apart(parts(4), seed=0, method="CFA")) == 2
    assert len(draw_apart(parts(2, 2), seed=0, method="CFA")) == 1


@pytest.mark.parametrize("groups", [parts(3), parts(1, 9), ["a", "a", "a", "a", "b"], ["a", "b"]])
def test_too_few_parts_are_a_sentence(groups: list[str]) -> None:
    with pytest.raises(RecipeError, match=r"CFA learns from most .* Add pictures of other parts\."):
        draw_apart(groups, seed=0, method="CFA")
