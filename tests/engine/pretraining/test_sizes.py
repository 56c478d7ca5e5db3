"""Proposing a size: the same damage everywhere, and the smallest size that does as well."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.components.built_in import HEAD_STRIDES
from engine.components.gabor import GaborStack
from engine.errors import RecipeError
from engine.preprocess import Preprocessing
from engine.pretraining.adaptation import ranking, sizes
from engine.pretraining.adaptation.common_look import CommonLook
from engine.pretraining.adaptation.ranking import RankedScores
from engine.releases.manifest import SizeRecord
from engine.synthetic.textures.draws import Draws
from engine.types import Image
from tests.small_parts import finished, good_image

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
GABOR = GaborStack(HEAD_STRIDES)
LARGEST = Preprocessing(size=128)
GROUPS = [f"part {number}" for number in range(15)]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "SIZES", (64, 128))
    monkeypatch.setattr(sizes, "_STEPS", 2)
    monkeypatch.setattr(sizes, "_ROWS", 100)
    monkeypatch.setattr(ranking, "_PER_KIND", 4)


@pytest.fixture(scope="module")
def squares() -> list[Image]:
    return [LARGEST.square(good_image(number)) for number in range(15)]


def proposed(squares: list[Image], *, adapts: bool = False) -> SizeRecord:
    return finished(
        sizes.propose_size(
            squares,
            GROUPS,
            LARGEST,
            n_good=100,
            stack=GABOR,
            adapts=adapts,
            bank_rows=lambda patches: patches // 10,
            seed=0,
            device=CPU,
        )
    )


@pytest.mark.parametrize("adapts", [False, True])
def test_every_size_is_ranked_and_timed(squares: list[Image], adapts: bool) -> None:
    record = proposed(squares, adapts=adapts)
    assert [trial.size for trial in record.trials] == [64, 128]
    assert record.chosen in (64, 128)
    assert (record.adapted, record.n_held_out) == (adapts, 3)
    for trial in record.trials:
        assert 0 <= trial.image_auroc <= 1 and trial.latency_ms > 0
    assert record == record.model_validate_json(record.model_dump_json())


def test_the_same_damage_is_seen_in_every_size(squares: list[Image]) -> None:
    changes = []
    for size in (64, 128):
        look = CommonLook(GABOR, LARGEST.model_copy(update={"size": size}), CPU, side=128)
        pictures = look.pictures(squares[:2])
        damaged, mask = look.damaged(Draws(CPU, 3), pictures, pictures.flip(0), kinds=["pit"])
        assert look.patches(damaged).shape[1] == look.cells == (size // 8) ** 2
        assert look.covered(mask, 0.1).shape == (2, 1, look.cells)
        changes.append((damaged, mask))
    assert torch.equal(changes[0][0], changes[1][0])
    assert torch.equal(changes[0][1], changes[1][1]) and changes[0][1].any()


def scores_of(apart: float, noise: float, seed: int = 0) -> RankedScores:
    rng = np.random.default_rng(seed)
    good, damaged = rng.normal(0, 1, 40), rng.normal(apart, 1, 60)
    own = np.random.default_rng(seed + 1)
    return RankedScores(
        good + own.normal(0, noise, 40), {"crack": damaged + own.normal(0, noise, 60)}
    )


def test_a_size_that_is_as_good_but_for_chance_is_told_from_a_worse_one() -> None:
    found = {64: scores_of(0.5, 0.0), 128: scores_of(2.0, 0.3), 192: scores_of(2.05, 0.3)}
    errors = finished(sizes._errors(found, best=192, seed=0))
    aurocs = {size: scores.image_auroc()["crack"] for size, scores in found.items()}
    assert errors[192] == 0.0
    assert aurocs[192] - aurocs[64] > 2 * errors[64]


def test_pictures_that_show_no_damage_are_a_sentence(
    squares: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "_LEAST_PIXELS", 10**6)
    with pytest.raises(RecipeError, match="no size can be proposed"):
        proposed(squares)
