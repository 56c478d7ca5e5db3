"""What counted pictures say of a rate, and how many are needed to say it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log

from scipy.stats import beta


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened: `events` of `trials`."""

    events: int
    trials: int

    @property
    def share(self) -> float:
        """Events over trials; NaN without a trial."""
        return self.events / self.trials if self.trials else float("nan")

    @property
    def interval_95(self) -> tuple[float, float]:
        """What the rate behind it may be; see `rate_interval`."""
        return rate_interval(self.events, self.trials)


def rate_interval(events: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Bound a rate: one-sided where nothing was observed, else two-sided (Clopper–Pearson).

    Clopper and Pearson, Biometrika 26, 1934, pp. 404-413, as quantiles of beta distributions.
    """
    if trials == 0:
        return 0.0, 1.0
    if events == 0:
        return 0.0, float(1 - (1 - level) ** (1 / trials))
    tail = (1 - level) / 2
    upper = 1.0 if events == trials else float(beta.ppf(1 - tail, events + 1, trials - events))
    return float(beta.ppf(tail, events, trials - events + 1)), upper


def good_pictures_needed(rate: float, level: float = 0.95) -> int:
    """Give the fewest held-out good pictures whose largest score is a limit of this rate.

    That score lets through at least the share 1 - `rate` of all good parts with confidence
    1 - (1 - rate)^n, whatever the scores' distribution (Wilks, Annals of Mathematical Statistics
    12, 1941, pp. 91-96), so n is the smallest with (1 - rate)^n <= 1 - level. It is also the
    smallest for which none above the limit bounds the rate by `rate` (`rate_interval`).

    Parameters
    ----------
    rate
        Stated false-alarm rate, in (0, 1).
    """
    # A product's rounding must not ask for one picture more, as where (1 - 0.5)^2 meets 1 - 0.75.
    return max(1, ceil(log(1 - level) / log(1 - rate) - 1e-9))


def whole(count: float) -> int:
    """Round down, but not where only the product's rounding is missing: 0.29 · 100 is 29."""
    return floor(count + 1e-9)
