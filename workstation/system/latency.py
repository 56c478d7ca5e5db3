"""How long the last parts took, stage by stage. No Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

LAST_PARTS = 200
TOTAL = "together"


@dataclass(frozen=True, slots=True)
class StageLatency:
    """One row of the table; all times were really measured, none is interpolated."""

    stage: str
    p50_ms: float
    """At least half of the parts took no longer."""
    p95_ms: float
    p99_ms: float
    max_ms: float


class Latencies:
    """Keeps the stage times of the last 200 parts."""

    def __init__(self) -> None:
        self._parts: deque[Mapping[str, float]] = deque(maxlen=LAST_PARTS)

    def __len__(self) -> int:
        return len(self._parts)

    def add(self, stage_ms: Mapping[str, float]) -> None:
        """Take the milliseconds per stage of one more part, in the order of the stages."""
        self._parts.append(stage_ms)

    def clear(self) -> None:
        """Forget all: another release takes other times."""
        self._parts.clear()

    def table(self) -> tuple[StageLatency, ...]:
        """Give a row per stage in order, then one of their sum; empty without a part."""
        if not self._parts:
            return ()
        stages = dict.fromkeys(stage for part in self._parts for stage in part)
        rows = [
            _row(stage, [part[stage] for part in self._parts if stage in part]) for stage in stages
        ]
        return (*rows, _row(TOTAL, [sum(part.values()) for part in self._parts]))


def _row(stage: str, times_ms: list[float]) -> StageLatency:
    ordered = sorted(times_ms)
    p50, p95, p99 = (ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.95, 0.99))
    return StageLatency(stage, p50, p95, p99, ordered[-1])
