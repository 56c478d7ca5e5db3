"""A pretraining as a whole: what it writes, that it goes on as if never cut, what it refuses."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path

import pytest
import torch

import engine.pretraining.sitting as sitting
from engine.components.learned_stack import stack_of
from engine.components.weights import read_weights
from engine.errors import WeightsError
from engine.pretraining.checkpoint import read_checkpoint
from engine.pretraining.model_card import ModelCard
from engine.pretraining.pretrain import planned, pretrain
from engine.pretraining.sitting import CARD, CHECKPOINT, WEIGHTS
from engine.pretraining.training import CALIBRATION_DRAWINGS
from engine.types import FitStep
from tests.engine.pretraining.small import PLAN, TRIAL, to_its_end

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run_through(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[FitStep], ModelCard]:
    """Give the folder of a pretraining that ran through, what it told and what it gave."""
    folder = tmp_path_factory.mktemp("pretraining") / "uncut"
    return folder, *to_its_end(pretrain(folder, PLAN, trial=TRIAL, device="cpu"))


@pytest.fixture
def uncut(run_through: tuple[Path, list[FitStep], ModelCard]) -> Path:
    return run_through[0]


def test_it_writes_weights_with_their_card(uncut: Path) -> None:
    card = json.loads((uncut / CARD).read_text())
    assert card["sha256"] == hashlib.sha256((uncut / WEIGHTS).read_bytes()).hexdigest()
    assert (card["steps"], card["plan"]["seed"]) == (4, 0)
    assert set(card["data"]["held_out_damage"]).isdisjoint(card["data"]["damage"])
    for figures in (card["gabor"], card["figures"], card["history"][-1]["figures"]):
        assert all(0 <= value <= 1 for value in figures.values())
    levels = stack_of(read_weights(uncut / WEIGHTS))(torch.zeros(1, 3, 64, 64))
    assert all(level.isfinite().all() for level in levels)


def test_it_tells_its_steps(run_through: tuple[Path, list[FitStep], ModelCard]) -> None:
    _, told, card = run_through
    before = [step.stage for step in told[:-4]]
    assert (
        before
        == ["drawing parts to calibrate by"] * CALIBRATION_DRAWINGS
        + ["drawing parts to validate by"] * TRIAL.parts
    )
    assert [(step.done, step.total) for step in told[-4:]] == [(n, 4) for n in (1, 2, 3, 4)]
    assert told[-1].seconds_left == 0
    assert f"gabor {card.gabor.image_auroc:.3f}" in told[-1].stage


def test_ended_and_taken_up_it_gives_the_same_bytes(uncut: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    asked = itertools.count()
    before_learning = CALIBRATION_DRAWINGS + TRIAL.parts
    told, card = to_its_end(
        pretrain(
            folder,
            PLAN,
            trial=TRIAL,
            device="cpu",
            enough=lambda: next(asked) > before_learning,
        )
    )
    assert (told[-1].done, card.steps, card.history) == (1, 1, ())
    assert (folder / WEIGHTS).read_bytes() != (uncut / WEIGHTS).read_bytes()
    _, card = to_its_end(pretrain(folder, PLAN, trial=TRIAL, resume=True, device="cpu"))
    assert card.steps == 4
    assert (folder / WEIGHTS).read_bytes() == (uncut / WEIGHTS).read_bytes()


def test_closed_it_keeps_a_checkpoint(uncut: Path, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    steps = pretrain(folder, PLAN, trial=TRIAL, device="cpu")
    while not next(steps).stage.startswith("training"):
        pass
    steps.close()
    assert read_checkpoint(folder / CHECKPOINT).progress.step == 1
    assert not (folder / WEIGHTS).exists()
    to_its_end(pretrain(folder, planned(folder), trial=TRIAL, resume=True, device="cpu"))
    assert (folder / WEIGHTS).read_bytes() == (uncut / WEIGHTS).read_bytes()


def test_a_checkpoint_is_written_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sitting.CHECKPOINT_EVERY_S < 300
    monkeypatch.setattr(sitting, "CHECKPOINT_EVERY_S", -1.0)
    for step in pretrain(tmp_path / "new", PLAN, trial=TRIAL, device="cpu"):
        if step.stage.startswith("training"):
            kept = read_checkpoint(tmp_path / "new" / CHECKPOINT)
            assert kept.progress.step == step.done


def test_it_writes_over_nothing(uncut: Path) -> None:
    with pytest.raises(WeightsError, match=r"exists already.*--resume"):
        next(pretrain(uncut, PLAN, trial=TRIAL, device="cpu"))


def test_it_goes_on_only_as_it_was_begun(uncut: Path) -> None:
    longer = PLAN.model_copy(update={"steps": 9})
    with pytest.raises(WeightsError, match="begun with 4 steps and seed 0"):
        next(pretrain(uncut, longer, trial=TRIAL, resume=True, device="cpu"))


def test_a_checkpoint_that_is_missing_or_damaged_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no pretraining to go on with"):
        planned(tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"\x08" + bytes(40))
    with pytest.raises(WeightsError, match="damaged"):
        planned(tmp_path)
