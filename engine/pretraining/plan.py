"""All that decides what a pretraining computes, and what it must never see."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

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
    parts: int = Field(default=4, ge=2)
    """Parts that one step draws and learns from; on a GPU dozens take no longer."""
    good: int = Field(default=6, ge=2)
    """Good pictures of a part: its memory bank, each searched without itself."""
    damaged: int = Field(default=4, ge=1)
    """Damaged pictures of a part."""
    damages: int = Field(default=2, ge=1)
    """Per damaged picture; each must be found by itself."""
    sides: tuple[int, ...] = (112, 128, 144)
    """Sides in pixels; every step's pictures have one of them."""
    weight_4: float = 0.25
    weight_8: float = 0.5
    weight_8_16: float = 1.0
    """In the loss: of the levels at strides 4 and 8 each in a bank of its own, and of those at
    8 and 16 in one bank together, as they are used."""
    rate: float = 4e-4
    """Learning rate after the warm-up; it falls to nothing over the last fifth."""
    warm_up: int = 100
    """Steps."""
    weight_decay: float = 0.02
    averaging: float = Field(default=0.995, ge=0, lt=1)
    """Share of the averaged weights that stays at each step; they are what is kept."""

    @classmethod
    def usual(cls, device: str) -> Plan:
        """Give the plan for a kind of device: a GPU takes hundreds of pictures in one step."""
        return cls(parts=32) if device == "cuda" else cls()

    def rate_at(self, step: int) -> float:
        """Give the learning rate of one step."""
        rise = min(1.0, (step + 1) / self.warm_up)
        fall = min(1.0, (self.steps - step) / (0.2 * self.steps))
        return self.rate * rise * max(fall, 0.01)
