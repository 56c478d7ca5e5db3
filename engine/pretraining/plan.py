"""All that decides what a pretraining computes, and what it must never see."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from engine.components.metric_head import HIDDEN
from engine.synthetic.damage.kinds import KINDS
from engine.synthetic.textures.scenes import FAMILIES

HELD_OUT_KINDS = ("crack", "displaced", "smear")
"""Kinds of damage that no training draws: they decide what a training is worth."""
HELD_OUT_FAMILIES = ("fractals",)
"""Textures that no training draws."""
TRAINING_KINDS = tuple(kind for kind in KINDS if kind not in HELD_OUT_KINDS)
TRAINING_FAMILIES = tuple(family for family in FAMILIES if family not in HELD_OUT_FAMILIES)

VALIDATION_SEED = 90_000_000
"""Seeds of trainings lie below it, so that none draws a part of the validation."""


class Plan(BaseModel):
    """What is drawn and how it is learned; on one device the same plan gives the same weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, lt=VALIDATION_SEED)
    steps: int = Field(default=8000, ge=1)
    good: int = Field(default=12, ge=2)
    """Good pictures of a part: its memory bank, each searched without itself."""
    damaged: int = Field(default=8, ge=1)
    """Damaged pictures of a part."""
    damages: int = Field(default=2, ge=1)
    """Per damaged picture; each must be found by itself."""
    sides: tuple[int, ...] = (112, 128, 160)
    """Sides in pixels; every drawing has one of them."""
    fresh: int = Field(default=4, ge=2)
    """Parts in one drawing."""
    updates: int = Field(default=4, ge=1)
    """Steps between two drawings: drawing costs more than learning."""
    kept: int = Field(default=16, ge=1)
    """Newest drawings to learn from."""
    parts: int = Field(default=4, ge=1)
    """Parts that one step learns from."""
    asked: int = Field(default=3, ge=1)
    """Good pictures of each that are searched in a step."""
    rate: float = 1e-3
    """Learning rate after the warm-up; it falls along half a cosine to a fiftieth."""
    warm_up: int = 50
    """Steps."""
    weight_decay: float = 0.01
    hidden: int = HIDDEN
    """Units of the head."""
