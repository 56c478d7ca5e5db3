"""A measured picture against the baseline: distances, a warning, or a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from engine.errors import UnfitPictureError
from engine.picture_health.baseline import HealthBaseline, Usual, is_black
from engine.picture_health.measure import PictureHealth
from engine.picture_health.numbers import COMPARISONS, FAULT, WARNING, HealthNumber
from engine.types import HealthReading


def check_health(health: PictureHealth, baseline: HealthBaseline) -> HealthReading:
    """Compare a picture with the baseline of the release that is to judge it.

    Raises
    ------
    UnfitPictureError
        It is black, or a number is so far from the good pictures that nothing can be told of the
        part; the error carries the reading.
    """
    reading = read_health(health, baseline)
    if _fault(health, baseline, reading.sigmas):
        raise UnfitPictureError(reading.warning, reading)
    return reading


def read_health(health: PictureHealth, baseline: HealthBaseline) -> HealthReading:
    """Compare a picture with the baseline; where it is a fault, the warning says so."""
    sigmas = {name.value: _distance(health, name, baseline.usual[name]) for name in COMPARISONS}
    return HealthReading(
        values=asdict(health),
        sigmas=sigmas,
        warning=_fault(health, baseline, sigmas) or _warning(health, baseline, sigmas),
    )


def _distance(health: PictureHealth, name: HealthNumber, usual: Usual) -> float:
    return (COMPARISONS[name].scale(getattr(health, name)) - usual.mean) / usual.sigma


def _fault(health: PictureHealth, baseline: HealthBaseline, sigmas: Mapping[str, float]) -> str:
    """Give the sentence of what explains the most; empty where a verdict is possible."""
    if is_black(health):
        return (
            f"The picture is black: its brightness is {health.brightness:.0f} of 255, and nothing "
            "is to be seen in it. Switch the light on, and take the cap off the lens."
        )
    for name, comparison in COMPARISONS.items():
        side = comparison.low if sigmas[name] < 0 else comparison.high
        if side is not None and side.faults and abs(sigmas[name]) >= FAULT:
            return _sentence(name, health, baseline.usual[name], sigmas[name])
    return ""


def _warning(health: PictureHealth, baseline: HealthBaseline, sigmas: Mapping[str, float]) -> str:
    for name, comparison in COMPARISONS.items():
        side = comparison.low if sigmas[name] < 0 else comparison.high
        if side is not None and abs(sigmas[name]) >= WARNING:
            return _sentence(name, health, baseline.usual[name], sigmas[name])
    return ""


def _sentence(name: HealthNumber, health: PictureHealth, usual: Usual, sigma: float) -> str:
    """Say which number, its value, the baseline, and what to do."""
    comparison = COMPARISONS[name]
    side = comparison.low if sigma < 0 else comparison.high
    assert side is not None, "a side that means nothing is never told"
    mean = comparison.text(comparison.unscale(usual.mean))
    value = comparison.text(getattr(health, name))
    return (
        f"{side.what}: {comparison.words} {value}, in good pictures {mean} "
        f"({abs(sigma):.1f} σ). {side.advice}"
    )
