"""Pretraining from first to last, in short steps; ended at any of them it can be taken up again."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from engine.components.gabor import GaborStack
from engine.device import open_device
from engine.errors import WeightsError
from engine.pretraining.checkpoint import Checkpoint, Progress, read_checkpoint
from engine.pretraining.model_card import ModelCard
from engine.pretraining.plan import Plan
from engine.pretraining.sitting import CHECKPOINT, Sitting
from engine.pretraining.training import CALIBRATION_DRAWINGS, Training
from engine.pretraining.validation import Trial, Validation
from engine.types import FitStep


def planned(folder: Path) -> Plan:
    """Give the plan of the pretraining that was begun in a folder.

    Raises
    ------
    WeightsError
        There is none, or its checkpoint is damaged.
    """
    return read_checkpoint(folder / CHECKPOINT).progress.plan


def pretrain(
    folder: Path,
    plan: Plan,
    *,
    trial: Trial | None = None,
    resume: bool = False,
    device: str = "auto",
    enough: Callable[[], bool] = lambda: False,
) -> Generator[FitStep, None, ModelCard]:
    """Train a learned stack; write its weights, a model card and a checkpoint to a folder.

    On one machine with as many threads, a pretraining that was ended and taken up again gives the
    same weights, to the bit, as one that was not. Closing the generator keeps a checkpoint; an
    interruption of the process itself loses what came after the last one, five minutes at most.

    Parameters
    ----------
    folder
        New or empty; with `resume`, that of a pretraining by the same plan.
    trial
        How much is drawn for the validation; None: as begun, else as much as `Trial` says.
    device
        ``auto``, ``cpu`` or ``cuda``.
    enough
        Asked between two steps; once true, the pretraining ends there with what it has learned.

    Raises
    ------
    RecipeError
        The device is not there.
    WeightsError
        The folder holds files already; with `resume`, no pretraining of this plan on this device.
        Or it was enough before the first of this sitting's steps.
    OSError
        The folder cannot be written.
    """
    chosen = open_device(device)
    kept = _taken_up(folder, plan, chosen) if resume else None
    if kept is None:
        _begin(folder)
    trial = trial or (Trial() if kept is None else kept.progress.trial)
    with _repeatable(chosen):
        training = Training(plan, chosen)
        if kept is not None:
            training.restore(kept.tensors, kept.progress.step)
        for done in training.calibrate():
            yield FitStep("drawing parts to calibrate by", done, CALIBRATION_DRAWINGS, None)
            _go_on_unless(enough)
        validation = Validation(trial, chosen)
        for done in validation.draw():
            yield FitStep("drawing parts to validate by", done, trial.parts, None)
            _go_on_unless(enough)
        if kept is None:
            gabor = validation.measure(GaborStack((8, 16)).to(chosen))
            progress = Progress(plan=plan, trial=trial, device=chosen.type, gabor=gabor)
        else:
            progress = kept.progress
        sitting = Sitting(folder, training, validation, progress)
        try:
            while training.step < plan.steps and not enough():
                yield sitting.learn()
        except GeneratorExit:
            sitting.keep()
            raise
        return sitting.finish()


def _begin(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WeightsError(
            f"{folder} exists already. Choose another folder, or go on with the pretraining in it "
            "by --resume."
        )
    folder.mkdir(parents=True, exist_ok=True)


def _taken_up(folder: Path, plan: Plan, device: torch.device) -> Checkpoint:
    """Read the checkpoint, and refuse to go on otherwise than it was begun."""
    kept = read_checkpoint(folder / CHECKPOINT)
    begun = kept.progress
    if begun.plan != plan:
        raise WeightsError(
            f"The pretraining in {folder} was begun with {begun.plan.steps} steps and seed "
            f"{begun.plan.seed}, and goes on as it was begun: leave out --steps and --seed, or "
            "begin another one in another folder."
        )
    if begun.device != device.type:
        raise WeightsError(
            f"The pretraining in {folder} was begun on {begun.device}, and {device.type} draws "
            f"other pictures from the same seed. Go on with --device {begun.device}."
        )
    return kept


def _go_on_unless(enough: Callable[[], bool]) -> None:
    if enough():
        raise WeightsError(
            "The pretraining was ended while it drew parts to begin with: nothing was learned, and "
            "the folder is as it was. Give it some minutes more."
        )


@contextmanager
def _repeatable(device: torch.device) -> Iterator[None]:
    """Have a GPU add in the same order every time; a processor does so anyway."""
    if device.type == "cpu":
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS is first used
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
