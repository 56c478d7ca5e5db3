"""A pretraining that takes a second: four steps on parts of 64 pixels."""

from __future__ import annotations

from collections.abc import Generator

from engine.pretraining.model_card import ModelCard
from engine.pretraining.plan import Plan
from engine.pretraining.validation import Trial
from engine.types import FitStep

PLAN = Plan(
    steps=4,
    parts=2,
    good=3,
    damaged=2,
    sides=(64,),
)
TRIAL = Trial(parts=2, references=2, good=2, damaged=4, side=64)


def to_its_end(steps: Generator[FitStep, None, ModelCard]) -> tuple[list[FitStep], ModelCard]:
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            card: ModelCard = end.value
            return told, card
