"""The numbers that are compared with the baseline: how, how finely, and what a distance means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import exp, expm1, log, log1p

WARNING, FAULT = 3.0, 5.0
"""Distances, in standard deviations, from which a person is warned and nothing is judged."""


class HealthNumber(StrEnum):
    """Names of the compared numbers: the fields of `PictureHealth`."""

    ASPECT = "aspect"
    STILL_ROWS = "still_rows"
    SEAM = "seam"
    BRIGHTNESS = "brightness"
    CLIPPED = "clipped"
    SHARPNESS = "sharpness"
    POSITION_X = "position_x"
    POSITION_Y = "position_y"


@dataclass(frozen=True, slots=True)
class Side:
    """What it means that a number lies far on one side."""

    what: str
    advice: str
    faults: bool
    """Whether it may be a fault; if not, it only warns."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one number is compared."""

    words: str
    """Its name on the screen."""
    scale: Callable[[float], float]
    """From the number to the scale on which distances are counted."""
    unscale: Callable[[float], float]
    floor: float
    """Least standard deviation, on that scale: what a sound station may change by between two fits
    even where all pictures of one fit are alike."""
    low: Side | None
    """None: this side means nothing."""
    high: Side | None
    text: Callable[[float], str]
    """The number as people read it."""
    extreme: float = WARNING
    """Distance within which every good picture of the fit lies; less where what is seldom seen is
    seen at its full size."""


def _same(value: float) -> float:
    return value


def _level(value: float) -> str:
    return f"{value:.0f} of 255"


def _percent(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")


_TORN = "Check the cable and the network of the camera, and take the picture again."
_SHAPE = "Check the resolution of the camera, and whether these are the recipe's pictures."
_LENS = "Check the focus, and clean the lens."
_MOVED = "Check the fixture, and how the camera is mounted."
_ELSEWHERE = Side("The part lies elsewhere", _MOVED, faults=False)

COMPARISONS: Mapping[HealthNumber, Comparison] = {
    # A camera set to another resolution, or a strip of a picture: everything in it would be bent.
    HealthNumber.ASPECT: Comparison(
        words="width by height",
        scale=log,
        unscale=exp,
        floor=0.01,
        low=Side("The picture has another shape: it is too tall", _SHAPE, faults=True),
        high=Side("The picture has another shape: it is too wide", _SHAPE, faults=True),
        text=lambda value: f"{value:.2f}",
    ),
    # A run of 1 % of the rows is a fault where good pictures have none: noise makes no run of 4.
    HealthNumber.STILL_ROWS: Comparison(
        words="repeated rows",
        scale=_same,
        unscale=_same,
        floor=0.002,
        low=None,
        high=Side("The picture was not transmitted whole", _TORN, faults=True),
        text=_percent,
    ),
    # A jump a fifth higher than usual all across is a fault: few edges of the scene reach it, since
    # what a lens spreads over several rows is taken off (see `highest_seam`). A straight edge may
    # do so in the one picture of a hundred in which it lies exactly between two rows.
    HealthNumber.SEAM: Comparison(
        words="highest seam",
        scale=log,
        unscale=exp,
        floor=0.04,
        low=None,
        high=Side("The picture is torn: two exposures meet at a row", _TORN, faults=True),
        text=lambda value: f"{value:.2f}",
        extreme=2.0,
    ),
    # Light multiplies, so its distances are ratios. An LED lamp loses several per cent while it
    # warms up: 6 % is worth a word, 10 % a fault.
    HealthNumber.BRIGHTNESS: Comparison(
        words="brightness",
        scale=log1p,
        unscale=expm1,
        floor=0.02,
        low=Side(
            "The picture is too dark",
            "Check the light and the exposure, and clean the lens.",
            faults=True,
        ),
        high=Side(
            "The picture is too bright", "Check the exposure, and for light from outside.", True
        ),
        text=_level,
    ),
    # A defect that reflects clips a few per cent of the pixels; 10 % more than usual is the light.
    HealthNumber.CLIPPED: Comparison(
        words="clipped pixels",
        scale=_same,
        unscale=_same,
        floor=0.02,
        low=None,
        high=Side(
            "Too much of the picture is clipped", "Check the exposure and the light.", faults=True
        ),
        text=_percent,
    ),
    # On pictures of 640 × 480, 0.08 is the difference of a blur of 0.55 px and one of 0.65 px.
    # More detail than usual is what a defect may add, so it never is a fault.
    HealthNumber.SHARPNESS: Comparison(
        words="sharpness",
        scale=lambda value: log(value + 1e-3),
        unscale=lambda scaled: exp(scaled) - 1e-3,
        floor=0.08,
        low=Side("The picture is out of focus", _LENS, faults=True),
        high=Side(
            "The picture has more fine detail than usual",
            "Check the gain of the camera, and whether this is the recipe's part.",
            faults=False,
        ),
        text=lambda value: f"{value:.3f}",
    ),
    # A defect moves the centre of the edges by less than this, as does a part that turns.
    HealthNumber.POSITION_X: Comparison(
        words="centre from the left",
        scale=_same,
        unscale=_same,
        floor=0.01,
        low=_ELSEWHERE,
        high=_ELSEWHERE,
        text=_percent,
    ),
    HealthNumber.POSITION_Y: Comparison(
        words="centre from above",
        scale=_same,
        unscale=_same,
        floor=0.01,
        low=_ELSEWHERE,
        high=_ELSEWHERE,
        text=_percent,
    ),
}
"""In the order in which they are named to people: what explains the others comes first."""
