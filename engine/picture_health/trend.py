"""Slow changes of light, focus and position that no single picture gives away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from engine.picture_health.baseline import HealthBaseline
from engine.picture_health.numbers import COMPARISONS, FAULT, HealthNumber
from engine.types import HealthReading

SMOOTHING = 0.1
"""Weight λ of the newest reading."""
LIMIT = 4.0
"""Width L of the control limits. On an unchanged line with normal readings one chart says something
every 30 000 parts on average; with the usual 3 it would every 900 (simulated)."""
_BACK = 0.5
"""Share of the limit below which a drift is over."""
_SINCE = "than when the release was fitted"
_LAMP = "clean the lens, check the lamp"
_FIXTURE = "check the fixture, and how the camera is mounted"


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said of one number; ``{}`` stands for the change in per cent."""

    thing: str
    low: str
    """Empty: this side means nothing."""
    high: str
    is_ratio: bool = False
    """Whether the change is told as a share of the number, not in the number's own unit."""


_WORDS: Mapping[HealthNumber, _Words] = {
    HealthNumber.BRIGHTNESS: _Words(
        "light",
        f"The light is {{}} lower {_SINCE}: {_LAMP}.",
        f"The light is {{}} higher {_SINCE}: check the exposure, and for light from outside.",
        is_ratio=True,
    ),
    HealthNumber.CLIPPED: _Words(
        "clipped share of the picture",
        "",
        f"{{}} more of the picture is clipped {_SINCE}: check the exposure and the light.",
    ),
    HealthNumber.SHARPNESS: _Words(
        "sharpness",
        f"The pictures are {{}} less sharp {_SINCE}: check the focus, clean the lens.",
        f"The pictures have {{}} more fine detail {_SINCE}: check the gain of the camera.",
        is_ratio=True,
    ),
    HealthNumber.POSITION_X: _Words(
        "parts' place across",
        f"The parts lie {{}} of the picture further left {_SINCE}: {_FIXTURE}.",
        f"The parts lie {{}} of the picture further right {_SINCE}: {_FIXTURE}.",
    ),
    HealthNumber.POSITION_Y: _Words(
        "parts' place up and down",
        f"The parts lie {{}} of the picture further up {_SINCE}: {_FIXTURE}.",
        f"The parts lie {{}} of the picture further down {_SINCE}: {_FIXTURE}.",
    ),
}


@dataclass(frozen=True, slots=True)
class Drift:
    """A number that has moved away from the baseline and is not back yet."""

    number: HealthNumber
    sigmas: float
    """Smoothed distance now, signed, in the baseline's standard deviations."""
    parts: int
    """Parts taken since it was first said."""
    sentence: str
    """What has changed by how much now, and what to do."""


class HealthTrend:
    """Watches the readings of one release part by part, and speaks once when one drifts.

    An exponentially weighted moving average (Roberts, Technometrics 1, 1959; NIST/SEMATECH
    e-Handbook §6.3.2.4) of each number's distance d from the baseline::

        z_i = λ d_i + (1 − λ) z_{i−1},    z_0 = 0,    drift where |z| > L √(λ / (2 − λ) + 1 / n)

    The n pictures of the fit enter because their mean is known no better than 1 / √n; without it a
    release fitted on few pictures would warn of its own baseline. Make a new one for each release.
    """

    def __init__(self, baseline: HealthBaseline) -> None:
        self._baseline = baseline
        self._limit = LIMIT * sqrt(SMOOTHING / (2 - SMOOTHING) + 1 / baseline.pictures)
        self._smoothed = dict.fromkeys(_WORDS, 0.0)
        self._drifting: dict[HealthNumber, int] = {}

    def took(self, reading: HealthReading) -> str | None:
        """Take in the reading of the next part, with a verdict or without.

        Returns
        -------
        str or None
            A sentence for people when a drift begins or ends; None when there is nothing new.
        """
        said = []
        for number, words in _WORDS.items():
            # Beyond it the part is a fault of its own; one such picture must be no trend.
            distance = min(max(reading.sigmas[number], -FAULT), FAULT)
            self._smoothed[number] += SMOOTHING * (distance - self._smoothed[number])
            away = abs(self._smoothed[number])
            if number in self._drifting:
                self._drifting[number] += 1
                if away < _BACK * self._limit:
                    del self._drifting[number]
                    said.append(f"The {words.thing} is again as when the release was fitted.")
            elif away > self._limit and self._sentence(number):
                self._drifting[number] = 0
                said.append(self._sentence(number))
        return " ".join(said) or None

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """What is drifting now; what began last comes last."""
        return tuple(
            Drift(number, self._smoothed[number], parts, self._sentence(number))
            for number, parts in self._drifting.items()
        )

    @property
    def now(self) -> str:
        """The sentences of all drifts as they stand now; empty when there is none."""
        return " ".join(drift.sentence for drift in self.drifts)

    def _sentence(self, number: HealthNumber) -> str:
        words, comparison = _WORDS[number], COMPARISONS[number]
        usual, smoothed = self._baseline.usual[number], self._smoothed[number]
        before = comparison.unscale(usual.mean)
        change = comparison.unscale(usual.mean + smoothed * usual.sigma) - before
        percent = 100 * abs(change / before if words.is_ratio else change)
        digits = 0 if percent >= 2 else 1
        return (words.low if smoothed < 0 else words.high).format(f"{percent:.{digits}f} %")
