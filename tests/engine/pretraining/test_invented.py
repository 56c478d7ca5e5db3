"""What a training is shown: patches of the right shapes, and nothing of what is held out."""

from __future__ import annotations

import pytest
import torch

from engine.components.metric_head import INPUTS, Surroundings
from engine.pretraining.invented import draw_parts, draw_pictures
from engine.pretraining.plan import (
    HELD_OUT_FAMILIES,
    HELD_OUT_KINDS,
    TRAINING_FAMILIES,
    TRAINING_KINDS,
)
from engine.pretraining.validation import Validation
from engine.synthetic.damage.kinds import KINDS
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.scenes import FAMILIES
from tests.engine.pretraining.small import PLAN, TRIAL


class HeldOutError(Exception):
    """Something was drawn that no training may see."""


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object) -> torch.Tensor:
        raise HeldOutError

    for kind in HELD_OUT_KINDS:
        monkeypatch.setitem(KINDS, kind, drawn)
    for family in HELD_OUT_FAMILIES:
        monkeypatch.setitem(FAMILIES, family, drawn)


def test_what_is_held_out_and_what_is_trained_on_make_up_everything() -> None:
    assert sorted((*HELD_OUT_KINDS, *TRAINING_KINDS)) == sorted(KINDS)
    assert sorted((*HELD_OUT_FAMILIES, *TRAINING_FAMILIES)) == sorted(FAMILIES)


@pytest.mark.usefixtures("guarded")
def test_a_training_never_draws_what_is_held_out() -> None:
    for number in range(6):
        draw_parts(PLAN, number, Surroundings())


@pytest.mark.usefixtures("guarded")
def test_the_validation_does() -> None:
    with pytest.raises(HeldOutError):
        list(Validation(TRIAL, Surroundings()).draw())


def test_parts_are_patches_of_good_pictures_and_of_damages() -> None:
    parts = draw_parts(PLAN, 0, Surroundings())
    assert len(parts) == PLAN.fresh
    for part in parts:
        assert (part.good.shape, part.good.dtype) == ((PLAN.good, 64, INPUTS), torch.float16)
        assert len(part.damages) <= PLAN.damaged * PLAN.damages
        for damage in part.damages:
            assert 0 < len(damage) <= 64
            assert damage.shape[1] == INPUTS
    assert any(part.damages for part in parts)


def test_a_drawing_is_decided_by_seed_and_number() -> None:
    surroundings = Surroundings()
    first, again = (draw_parts(PLAN, 7, surroundings) for _ in range(2))
    other = draw_parts(PLAN.model_copy(update={"seed": 1}), 7, surroundings)
    for part, same in zip(first, again, strict=True):
        assert torch.equal(part.good, same.good)
        assert len(part.damages) == len(same.damages)
        assert all(map(torch.equal, part.damages, same.damages))
    assert not torch.equal(first[0].good, other[0].good)


def test_pictures_are_a_camera_s_and_only_damaged_ones_have_masks() -> None:
    pictures, masks = draw_pictures(
        Draws(torch.device("cpu"), 0),
        parts=3,
        good=2,
        damaged=4,
        damages=2,
        side=64,
        families=TRAINING_FAMILIES,
        kinds=TRAINING_KINDS,
    )
    assert pictures.shape == (3, 6, 3, 64, 64)
    assert (masks.shape, masks.dtype) == ((3, 4, 2, 64, 64), torch.bool)
    grey_levels = pictures * 255
    assert torch.allclose(grey_levels, grey_levels.round(), atol=1e-3)
    assert masks.any()
