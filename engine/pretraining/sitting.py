"""One sitting of a pretraining: steps, validations, checkpoints, and at its end the result."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from statistics import fmean

from engine.components.learned_stack import stack_bytes, stack_of
from engine.components.weights import read_weights
from engine.pretraining.checkpoint import Checkpoint, Measured, Progress, write_checkpoint
from engine.pretraining.model_card import ModelCard, this_machine
from engine.pretraining.training import Lesson, Training
from engine.pretraining.validation import Validation
from engine.releases.folder import write_whole
from engine.types import FitStep

WEIGHTS, CARD, CHECKPOINT = "weights.safetensors", "model_card.json", "checkpoint.safetensors"
CHECKPOINT_EVERY_S = 240.0
"""Less than the five minutes that may be lost at most: the step under way is still to end."""
VALIDATE_EVERY = 500
"""Steps."""


class Sitting:
    """A training with its validation and its folder, from where `progress` says it stands."""

    def __init__(
        self, folder: Path, training: Training, validation: Validation, progress: Progress
    ) -> None:
        self._folder = folder
        self._training = training
        self._validation = validation
        self._progress = progress
        self._first_step, self._seconds_before = progress.step, progress.seconds
        self._began = self._kept_at = time.monotonic()
        self._lessons: list[Lesson] = []

    def learn(self) -> FitStep:
        """Take one step; validate after it and keep a checkpoint where they are due."""
        self._lessons.append(self._training.learn())
        step, steps = self._training.step, self._training.plan.steps
        if step % VALIDATE_EVERY == 0 or step == steps:
            self._validate()
        if time.monotonic() - self._kept_at > CHECKPOINT_EVERY_S:
            self.keep()
        per_step_s = (time.monotonic() - self._began) / (step - self._first_step)
        return FitStep(self._stage(), step, steps, per_step_s * (steps - step))

    def keep(self) -> None:
        """Write a checkpoint.

        Raises
        ------
        OSError
            It cannot be written; the last one is still there.
        """
        now = time.monotonic()
        self._progress = self._progress.model_copy(
            update={
                "step": self._training.step,
                "seconds": self._seconds_before + now - self._began,
            }
        )
        checkpoint = Checkpoint(self._progress, self._training.state())
        write_checkpoint(self._folder / CHECKPOINT, checkpoint)
        self._kept_at = now

    def finish(self) -> ModelCard:
        """Keep a checkpoint, and write the weights as they are now and their model card.

        Raises
        ------
        OSError
            One of the files cannot be written.
        """
        self.keep()
        data = stack_bytes(self._training.averaged)
        write_whole(self._folder / WEIGHTS, data)
        # Rounded to half precision, these are others than those in training.
        shipped = stack_of(read_weights(self._folder / WEIGHTS)).to(self._training.device)
        card = ModelCard(
            weights=WEIGHTS,
            sha256=hashlib.sha256(data).hexdigest(),
            plan=self._progress.plan,
            steps=self._progress.step,
            seconds=round(self._progress.seconds, 1),
            machine=this_machine(self._training.device),
            trial=self._progress.trial,
            gabor=self._progress.gabor,
            figures=self._validation.measure(shipped),
            history=self._progress.history,
        )
        write_whole(self._folder / CARD, card.model_dump_json(indent=1).encode() + b"\n")
        return card

    def _validate(self) -> None:
        measured = Measured(
            step=self._training.step,
            figures=self._validation.measure(self._training.averaged),
            loss=round(fmean(lesson.loss for lesson in self._lessons), 4),
            found=round(fmean(lesson.found for lesson in self._lessons), 4),
        )
        self._lessons = []
        history = (*self._progress.history, measured)
        self._progress = self._progress.model_copy(update={"history": history})

    def _stage(self) -> str:
        """Say what is happening, and how it stood at the last validation."""
        if not self._progress.history:
            return "training"
        now, gabor = self._progress.history[-1].figures, self._progress.gabor
        return f"training ({now.image_auroc:.3f}, gabor {gabor.image_auroc:.3f})"
