"""The simulator: an endless line of drawn parts, some with a defect."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from engine.errors import SourceError
from engine.pictures import image_sha256
from engine.sources.base import SimulatorConfig, SourceStatus
from engine.sources.pace import Pace
from engine.synthetic.parts.drawn import Drawn
from engine.synthetic.parts.parts import PARTS, Defect, draw_part
from engine.types import Frame, Image, Origin

DEMO = "DEMO-"
"""Beginning of every simulated part's id."""
_LINE = 1
"""Keeps the line's parts apart from the good pictures a demo recipe is fitted to."""
_SET_UP = 2
"""Keeps the part that is shown for setting up apart from those that are inspected."""


class SimulatorSource:
    """A `Source` whose part n is always the same for the same seed; never lost, never exhausted."""

    def __init__(
        self, config: SimulatorConfig, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._clock = clock
        self._pace = Pace(config.interval_s, clock)
        self._taken = 0
        self._next = config.first
        self._again: list[tuple[str, int]] = []
        """Part id and attempt of what is to come once more, in order."""

    def adjust(self, config: SimulatorConfig) -> None:
        """Go on with another speed, defect rate, strength, light or part; between two grabs.

        The parts are numbered on from where they are, whatever `SimulatorConfig.first` says.
        """
        if config.interval_s != self._config.interval_s:
            self._pace = Pace(config.interval_s, self._clock)
        self._config = config

    def grab(self) -> Frame | None:
        """Draw the next part when it is due, or at once the one asked for; see `Source.grab`."""
        if self._again:
            return self._frame(*self._again.pop(0))
        if not self._pace.take_turn():
            return None
        self._next += 1
        return self._frame(f"{DEMO}{self._next - 1:06d}", 1)

    def take_again(self, origin: Origin, attempt: int) -> None:
        """Let the next `grab` draw this part once more; see `Source.take_again`."""
        number = origin.part_id.removeprefix(DEMO)
        if origin.part_id == number or not number.isdecimal():
            raise SourceError(
                f"The part {origin.part_id} is not one of the simulator's, so the simulator "
                "cannot show it again. Change to the source it came from."
            )
        attempt += sum(part_id == origin.part_id for part_id, _ in self._again)
        self._again.append((origin.part_id, attempt))

    def preview(self) -> Image:
        """Draw a good part in the light as it is; takes nothing; see `Source.preview`."""
        rng = np.random.default_rng([self._config.seed, 0, _SET_UP])
        return draw_part(self._config.part, rng, light_loss=self._config.light_loss).image

    def status(self) -> SourceStatus:
        """Say how the source is doing; see `Source.status`."""
        config = self._config
        sentence = f"The simulator makes a {config.part} every {config.interval_s:g} s."
        if config.light_loss > 0:
            sentence += f" {config.light_loss:.0%} of the light is missing."
        return SourceStatus(
            name=config.kind, sentence=sentence, healthy=True, waiting=len(self._again)
        )

    def close(self) -> None:
        """Nothing is held; see `Source.close`."""

    def _frame(self, part_id: str, attempt: int) -> Frame:
        self._taken += 1
        image = simulated_part(self._config, int(part_id.removeprefix(DEMO))).image
        origin = Origin(
            source=self._config.kind,
            part_id=part_id,
            taken_at=datetime.now(UTC),
            number=self._taken,
            simulated=True,
            sha256=image_sha256(image),
            attempt=attempt,
        )
        return Frame(image, origin)


def simulated_part(config: SimulatorConfig, number: int) -> Drawn:
    """Draw part `number` of the line, with its masks.

    Whether it has a defect, which one and where is settled by the seed and the number alone: a
    higher rate spares no part that was bad before, and another strength moves no defect's kind.
    """
    rng = np.random.default_rng([config.seed, number, _LINE])
    luck = rng.random()
    kinds = PARTS[config.part].kinds
    kind = kinds[int(rng.integers(len(kinds)))]
    defect = Defect(kind, config.strength) if luck < config.defect_rate else None
    return draw_part(config.part, rng, defect=defect, light_loss=config.light_loss)
