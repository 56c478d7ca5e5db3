"""What a training is shown: pictures of the right shapes, and nothing of what is held out."""

from __future__ import annotations

import pytest
import torch

from engine.pretraining.invented import draw_pictures, draw_step
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

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


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
        draw_step(PLAN, number, CPU)


@pytest.mark.usefixtures("guarded")
def test_the_validation_does() -> None:
    with pytest.raises(HeldOutError):
        list(Validation(TRIAL, CPU).draw())


def test_a_drawing_is_decided_by_seed_and_number() -> None:
    first, again = (draw_step(PLAN, 7, CPU) for _ in range(2))
    other, _ = draw_step(PLAN.model_copy(update={"seed": 1}), 7, CPU)
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[0], other)


def test_pictures_are_a_camera_s_and_only_damaged_ones_have_masks() -> None:
    pictures, masks = draw_pictures(
        Draws(CPU, 0),
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
