"""What the pictures' health says over many parts: one sentence per episode, and a figure."""

from __future__ import annotations

from engine.picture_health.baseline import HealthBaseline
from engine.picture_health.numbers import WARNING, HealthNumber
from engine.picture_health.trend import Drift, HealthTrend
from engine.types import HealthReading

OVER_AFTER = 10
"""Parts without a warning after which the next warning is news again."""
SHORT = {
    HealthNumber.ASPECT: "shape",
    HealthNumber.STILL_ROWS: "rows",
    HealthNumber.SEAM: "seam",
    HealthNumber.BRIGHTNESS: "light",
    HealthNumber.CLIPPED: "clipped",
    HealthNumber.SHARPNESS: "focus",
    HealthNumber.POSITION_X: "place ↔",
    HealthNumber.POSITION_Y: "place ↕",
}


class HealthWatch:
    """Follows the readings of one release; a release with another baseline begins anew."""

    def __init__(self) -> None:
        self._baseline: HealthBaseline | None = None
        self._trend: HealthTrend | None = None
        self._reading: HealthReading | None = None
        self._well = OVER_AFTER

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """What has moved away slowly and is not back."""
        return () if self._trend is None else self._trend.drifts

    @property
    def words(self) -> str:
        """The number that is farthest off, such as "light −3.2 σ"; empty while all is well."""
        far = {drift.number: drift.sigmas for drift in self.drifts}
        if self._reading is not None and self._reading.warning:
            sigmas = self._reading.sigmas
            far |= {n: sigmas[n] for n in HealthNumber if abs(sigmas[n]) >= WARNING}
        if not far:
            return ""
        number = max(far, key=lambda n: abs(far[n]))
        return f"{SHORT[number]} {far[number]:+.1f} σ".replace("-", "−")

    def judge_by(self, baseline: HealthBaseline | None) -> None:
        """Take over the baseline of the release that now judges."""
        if baseline != self._baseline:
            self._baseline = baseline
            self._trend = None if baseline is None else HealthTrend(baseline)
            self._reading, self._well = None, OVER_AFTER

    def took(self, reading: HealthReading | None, *, told: bool = False) -> list[str]:
        """Take in the next part; gives the sentences that are news.

        Parameters
        ----------
        reading
            None where the part's picture was not measured.
        told
            True where the part was a fault, whose own sentence has been told.
        """
        if reading is None:
            return []
        self._reading = reading
        news = []
        if reading.warning and not told and self._well >= OVER_AFTER:
            news.append(reading.warning)
        self._well = 0 if reading.warning else self._well + 1
        said = None if self._trend is None else self._trend.took(reading)
        return news if said is None else [*news, said]
