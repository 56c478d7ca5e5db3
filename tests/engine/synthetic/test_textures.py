"""Invented parts: the same by seed, in range, and alike within a part."""

from __future__ import annotations

import pytest
import torch

from engine.synthetic.textures.camera import taken
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.scenes import FAMILIES, draw_scenes

CPU = torch.device("cpu")


def draws(*key: int) -> Draws:
    return Draws(CPU, *key)


def pictures(seed: int, family: str, *, parts: int = 2) -> torch.Tensor:
    drawn = draws(seed)
    scenes = draw_scenes(drawn, parts=parts, pictures=2, side=64, families=[family])
    return taken(drawn, scenes)


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_in_range_and_show_something(family: str) -> None:
    made = pictures(0, family, parts=3)
    assert made.shape == (3, 2, 3, 64, 64)
    assert made.dtype == torch.float32
    assert made.isfinite().all()
    assert float(made.min()) >= 0
    assert float(made.max()) <= 1
    assert (made.flatten(2).std(2) > 0.004).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_bytes(family: str) -> None:
    assert torch.equal(pictures(3, family), pictures(3, family))


def test_another_seed_gives_other_parts() -> None:
    assert not torch.equal(pictures(3, "cells"), pictures(4, "cells"))


def test_two_pictures_of_one_part_differ() -> None:
    for part in pictures(5, "spectra", parts=4):
        assert not torch.equal(part[0], part[1])


def test_pictures_of_one_part_are_more_alike_than_those_of_two() -> None:
    colours = torch.cat([pictures(6, family, parts=4) for family in FAMILIES]).mean((-2, -1))
    within = (colours[:, 0] - colours[:, 1]).abs().mean()
    between = (colours[:, 0] - colours.roll(1, 0)[:, 1]).abs().mean()
    assert within < between / 2


def test_what_was_drawn_before_does_not_matter() -> None:
    """A key decides the numbers, whatever was drawn from others: so a training can be taken up."""
    expected = draws(1, 2).uniform(4)
    torch.rand(7)
    draws(1, 3).uniform(9)
    assert torch.equal(draws(1, 2).uniform(4), expected)


def test_distributions_keep_to_their_bounds() -> None:
    some = draws(0)
    even = some.uniform(2000, low=-1, high=3)
    assert -1 <= float(even.min()) < -0.9 and 2.9 < float(even.max()) <= 3
    ratios = some.log_uniform(2000, low=0.1, high=10)
    assert float(ratios.min()) >= 0.1 and float(ratios.max()) <= 10.001
    assert 0.8 < float(ratios.median()) < 1.25
    whole = some.integers(500, below=4)
    assert sorted(whole.unique().tolist()) == [0, 1, 2, 3]
    assert 0.2 < float(some.chance(2000, of=0.25).float().mean()) < 0.3
