"""What is counted of one run: parts, faults, pace, and how long the last parts took."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.types import Fault, Inspection
from workstation.inspection.counters import ShiftCounters
from workstation.records.words import Outcome

LATEST = 1_000
"""Parts whose latencies are kept, so that the figures are of now and a month of parts fits."""


class Latency(NamedTuple):
    """Milliseconds from the decoded frame to the verdict, over the latest parts."""

    p50: float
    p95: float
    p99: float


class Tally:
    """Counts the parts of one run; `faults` have no latency."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self._pace = ShiftCounters(clock=clock)
        self._latencies_ms: deque[float] = deque(maxlen=LATEST)

    @property
    def parts(self) -> int:
        """Parts of this run, faults among them."""
        return self.outcomes.total()

    @property
    def faults(self) -> int:
        """Parts of this run that could not be inspected."""
        return self.outcomes[Outcome.FAULT]

    def add(self, found: Inspection | Fault) -> Outcome:
        """Count a part."""
        if isinstance(found, Fault):
            outcome = Outcome.FAULT
        else:
            outcome = Outcome.of(found.verdict)
            self._latencies_ms.append(found.latency_ms)
        self.outcomes[outcome] += 1
        self._pace.add(outcome)
        return outcome

    def parts_per_min(self) -> float | None:
        """Give the pace over the last minute; None until two parts have come in it."""
        return self._pace.parts_per_min()

    def latency_ms(self) -> Latency | None:
        """Give the percentiles over the latest parts; None before the first verdict."""
        if not self._latencies_ms:
            return None
        return Latency(*map(float, np.percentile(self._latencies_ms, (50, 95, 99))))

    def summary(self, *, database: str, release: str | None, screenshot: Path | None = None) -> str:
        """Give one figure per line, label then number."""
        lines = [f"parts {self.parts}"]
        lines += [f"{outcome.lower()} {self.outcomes[outcome]}" for outcome in Outcome]
        latency = self.latency_ms()
        if latency is not None:
            lines += [f"latency p50 ms {latency.p50:.1f}", f"latency p95 ms {latency.p95:.1f}"]
        lines.append(f"release {release or '-'}")
        lines.append(f"database {database}")
        if screenshot is not None:
            lines.append(f"screenshot {screenshot}")
        return "\n".join(lines)
