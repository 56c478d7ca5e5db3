"""The simulator: an endless line of drawn parts, some with a defect."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from engine.pictures import image_sha256
from engine.sources.base import SimulatorConfig, SourceStatus
from engine.sources.pace import Pace
from engine.synthetic.parts import DefectKind, Drawn, add_defect, draw_ring
from engine.types import Frame, Origin

DEMO = "DEMO-"
"""Beginning of every simulated part's id."""
_LINE = 1
"""Keeps the line's parts apart from the good pictures a demo recipe is fitted to."""


class SimulatorSource:
    """A `Source` whose part n is always the same for the same seed; never lost, never exhausted."""

    def __init__(
        self, config: SimulatorConfig, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._pace = Pace(config.interval_s, clock)
        self._number = 0

    def grab(self) -> Frame | None:
        """Draw the next part when it is due; see `Source.grab`."""
        if not self._pace.take_turn():
            return None
        self._number += 1
        part = self._config.first + self._number - 1
        image = simulated_part(self._config, part).image
        origin = Origin(
            source=self._config.kind,
            part_id=f"{DEMO}{part:06d}",
            taken_at=datetime.now(UTC),
            number=self._number,
            simulated=True,
            sha256=image_sha256(image),
        )
        return Frame(image, origin)

    def status(self) -> SourceStatus:
        """Say how the source is doing; see `Source.status`."""
        sentence = f"The simulator makes a {self._config.part} every {self._config.interval_s:g} s."
        return SourceStatus(name=self._config.kind, sentence=sentence, healthy=True)

    def close(self) -> None:
        """Nothing is held; see `Source.close`."""


def simulated_part(config: SimulatorConfig, number: int) -> Drawn:
    """Draw part `number` of the line, with its masks.

    Whether it has a defect, which one and where is settled by the seed and the number alone: a
    higher rate spares no part that was bad before, and another strength moves no defect's kind.
    """
    rng = np.random.default_rng([config.seed, number, _LINE])
    luck = rng.random()
    kind = list(DefectKind)[int(rng.integers(len(DefectKind)))]
    good = draw_ring(rng)
    return add_defect(good, kind, config.strength, rng) if luck < config.defect_rate else good
