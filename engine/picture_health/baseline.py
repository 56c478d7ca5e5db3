"""What is usual: the numbers of the good pictures of a fit, sealed into the release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.stats import norm, t

from engine.picture_health.measure import PictureHealth
from engine.picture_health.numbers import COMPARISONS, WARNING, HealthNumber

BLACK_LEVEL, BLACK_SPREAD = 16.0, 4.0
"""A picture is black when its mean grey level and their standard deviation are no more than this;
16 is what video calls black (ITU-R BT.601 §2.5.3). Dark-field pictures have bright points."""


_SPARE = 1.01
"""So that the most extreme good picture lies within the warning limit, not on it."""


class Usual(BaseModel):
    """One number over the good pictures, on the scale of its `Comparison`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mean: float
    sigma: float = Field(gt=0)
    """The distance that counts as one standard deviation; see `baseline`."""


class HealthBaseline(BaseModel):
    """What is usual for each number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: int = Field(ge=2)
    usual: dict[HealthNumber, Usual]

    @model_validator(mode="after")
    def _knows_all_numbers(self) -> Self:
        if set(self.usual) != set(HealthNumber):
            raise ValueError("The baseline must hold each number once.")
        return self


def is_black(health: PictureHealth) -> bool:
    """Tell whether there is nothing to be seen, whatever the baseline."""
    return health.brightness <= BLACK_LEVEL and health.contrast <= BLACK_SPREAD


def baseline(measured: Sequence[PictureHealth]) -> HealthBaseline:
    """Summarise the good pictures of a fit; at least two.

    One standard deviation is the largest of three:

    - that of the pictures, widened so that the next good picture lies beyond 3 as seldom as a
      normal distribution of known width would let it (Student's prediction interval for one more
      value): 2.4 times for 5 pictures, 1.1 times for 30;
    - a third of the distance of the most extreme good picture (of a seam, half): none of those the
      release was fitted on is warned about, and heavy tails that they show widen the limits. Normal
      values reach a third only from some hundred pictures on;
    - the floor of the number.
    """
    usual = {}
    for name, comparison in COMPARISONS.items():
        values = np.array([comparison.scale(getattr(health, name)) for health in measured])
        farthest = _SPARE * float(np.abs(values - values.mean()).max()) / comparison.extreme
        sigma = max(_predictive_deviation(values), farthest, comparison.floor)
        usual[name] = Usual(mean=float(values.mean()), sigma=sigma)
    return HealthBaseline(pictures=len(measured), usual=usual)


def _predictive_deviation(values: NDArray[np.float64]) -> float:
    n = len(values)
    widened = t.ppf(norm.cdf(WARNING), n - 1) / WARNING * np.sqrt(1 + 1 / n)
    return float(widened * values.std(ddof=1))
