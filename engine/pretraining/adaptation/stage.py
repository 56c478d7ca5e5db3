"""Telling how far one stage of an adaptation is."""

from __future__ import annotations

import time

from engine.types import FitStep


class Stage:
    """One stage with its clock, which runs from when it is made."""

    def __init__(self, name: str, total: int) -> None:
        self._name = name
        self._total = total
        self._began = time.monotonic()

    def at(self, done: int) -> FitStep:
        """Say that `done` of the total are done, and how long the others will take."""
        left = None
        if done:
            left = (time.monotonic() - self._began) / done * (self._total - done)
        return FitStep(self._name, done, self._total, left)
