"""A fit's limits, from the scores of what was held out."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.calibration import count_alarms, limits_from, rate_interval
from engine.components.coreset import STEP_S
from engine.inspector import Eye
from engine.recipe import Recipe, Roi
from engine.regions import find_regions
from engine.releases.manifest import (
    CalibrationRecord,
)
from engine.types import FitStep, Limits, Region, Scores

Result = TypeVar("Result")


def calibrate(
    eye: Eye, held_out: Scores, recipe: Recipe, rectangles: Sequence[Roi]
) -> Generator[FitStep, None, tuple[Limits, CalibrationRecord]]:
    """Give the limits, and what they do to the pictures they come from.

    Parameters
    ----------
    held_out
        Of good pictures, each scored as if it had not been seen.
    rectangles
        Of each, the inspected one in source pixels.
    """
    if held_out.map is None:
        limits = limits_from(held_out.image, None, recipe.false_alarm_rate)
        return limits, _calibrated(held_out, None, [()] * len(held_out.image), recipe, limits)
    total, enlarger = len(held_out.map), eye.enlarger(held_out.map.shape[1:])
    highest = (np.nanmax(enlarger(compact)) for compact in held_out.map)
    peaks = np.array((yield from _in_steps("Placing the limits", highest, total)), np.float32)
    limits = limits_from(held_out.image, peaks, recipe.false_alarm_rate)
    # Kept, the shown maps could fill gigabytes. Only the few that rise above the pixel limit are
    # made again: the others have no regions.
    found = (
        find_regions(enlarger(compact), limits.pixel, rectangle) if peak > limits.pixel else ()
        for compact, peak, rectangle in zip(held_out.map, peaks, rectangles, strict=True)
    )
    regions = yield from _in_steps("Counting the false alarms", found, total)
    return limits, _calibrated(held_out, peaks, regions, recipe, limits)


def _calibrated(
    held_out: Scores,
    peaks: NDArray[np.float32] | None,
    regions: Sequence[tuple[Region, ...]],
    recipe: Recipe,
    limits: Limits,
) -> CalibrationRecord:
    alarms = count_alarms(held_out.image, regions, limits=limits, rule=recipe.rule)
    return CalibrationRecord(
        false_alarm_rate=recipe.false_alarm_rate,
        scores=tuple(map(float, held_out.image)),
        map_peaks=() if peaks is None else tuple(map(float, peaks)),
        n_alarms=alarms,
        alarm_rate_95=rate_interval(alarms, len(held_out.image)),
    )


def _in_steps(
    stage: str, work: Iterable[Result], total: int
) -> Generator[FitStep, None, list[Result]]:
    """Take what `work` makes one by one, and yield whenever a step's time is over."""
    results: list[Result] = []
    began = looked = time.monotonic()
    yield FitStep(stage, 0, total, None)
    for result in work:
        results.append(result)
        now = time.monotonic()
        if now - looked >= STEP_S:
            left = (now - began) / len(results) * (total - len(results))
            yield FitStep(stage, len(results), total, left)
            looked = time.monotonic()
    return results
