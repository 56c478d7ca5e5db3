"""All that decides what an adaptation computes, besides the pictures and the number of steps."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, Field

from engine.components.metric_head import HIDDEN
from engine.synthetic.damage.kinds import KINDS

HELD_OUT_KINDS = ("displaced", "smear", "specks")
"""Kinds of damage that no adaptation learns from: they decide whether it is kept. Cracks, which a
pretraining holds out, are too common on real parts to be left out here."""
LEARNED_KINDS = tuple(kind for kind in KINDS if kind not in HELD_OUT_KINDS)


class AdaptationPlan(BaseModel):
    """How much damage is drawn and how it is learned from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0)
    damaged_per_step: int = 8
    """Damaged pictures to draw for each step, each damaged twice; what was drawn is learned from
    many times, and more of it is what helps longest."""
    damaged: int = 8000
    """Of them at most: 0.16 MB each on a built-in stack."""
    most_versions: int = 16
    """Times one picture is damaged at most: few pictures do not become more by it."""
    most_patches: int = 400_000
    """Good patches held in memory, 1.6 kB each on a built-in stack; of more pictures an even choice
    is learned from."""
    rows: int = 8000
    """Good patches that are searched while learning."""
    asked: int = 6
    """Good pictures searched in one step."""
    damages: int = 80
    """Damages searched in one step."""
    rate: float = 1e-3
    """Learning rate after the warm-up; it falls along half a cosine to a fiftieth."""
    warm_up: int = 30
    """Steps."""
    weight_decay: float = 0.01
    hidden: int = HIDDEN
    """Units of the head."""

    def damaged_for(self, steps: int, pictures: int) -> int:
        """Give how many damaged pictures so many steps are to learn from."""
        return min(self.damaged_per_step * steps, self.damaged, self.most_versions * pictures)

    def rate_at(self, step: int, steps: int) -> float:
        """Give the learning rate of one step of `steps`."""
        fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps))
        return self.rate * min(1.0, (step + 1) / self.warm_up) * fall
