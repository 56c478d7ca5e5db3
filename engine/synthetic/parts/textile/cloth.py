"""One piece of cloth before it is lit: which thread lies where, how thick, and which is on top.

A set of parallel threads is kept in tables with one row per thread and one column per
`1 / STEPS_PER_THREAD` of a thread's width along it, so that thickness, wander and crossings are
looked up for every pixel at once. Lengths are in threads unless their name says pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.drawn import Field

STEPS_PER_THREAD = 6
N_THREADS = 76
"""Threads in each direction; more than one picture shows, however it lies."""
_TWILL = np.array(((1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 1, 1), (1, 0, 0, 1)), bool)
"""2/2 twill, one repeat: where the warp is on top; rows are weft threads, columns warp threads."""
N_STEPS = N_THREADS * STEPS_PER_THREAD

Table = NDArray[np.float32]
"""(N_THREADS, N_STEPS) float32."""


@dataclass(slots=True, eq=False)  # a defect changes a copy of it in place
class Threads:
    """One direction's threads."""

    thickness: Table
    """1 as spun; 0 where the thread is missing."""
    wander: Table
    """Sideways from its place."""
    tone: Table
    """Brightness, 1 on average."""
    lift: Table
    """How much higher it runs than its crossings say; 0 in good cloth."""
    twist: Field
    """(N_THREADS,): phase of the spun fibres."""

    def copy(self) -> Threads:
        """Give tables that may be changed."""
        return Threads(
            thickness=self.thickness.copy(),
            wander=self.wander.copy(),
            tone=self.tone.copy(),
            lift=self.lift.copy(),
            twist=self.twist,
        )


@dataclass(slots=True, eq=False)
class Cloth:
    """Both directions, and how they cross."""

    warp: Threads
    weft: Threads
    warp_on_top: NDArray[np.bool_]
    """(N_THREADS, N_THREADS): row is the weft thread, column the warp thread."""

    def copy(self) -> Cloth:
        """Give a cloth that may be changed."""
        return Cloth(self.warp.copy(), self.weft.copy(), self.warp_on_top.copy())

    def height(self, *, warp: bool) -> Table:
        """Give how high each thread's middle runs, −1 under to 1 over, bent smoothly between."""
        top = self.warp_on_top.T if warp else ~self.warp_on_top
        steps = np.repeat(np.where(top, 1, -1).astype(np.float32), STEPS_PER_THREAD, axis=1)
        sigma = 0.30 * STEPS_PER_THREAD
        bent = cv2.GaussianBlur(steps, (0, 0), sigma, sigmaY=1e-3)
        return np.asarray(bent + (self.warp if warp else self.weft).lift, np.float32)


def weave(rng: np.random.Generator) -> Cloth:
    """Weave good cloth: no two threads are quite alike, nor is one along its length."""
    repeats = N_THREADS // len(_TWILL)
    twill = np.tile(np.roll(_TWILL, int(rng.integers(4)), axis=1), (repeats, repeats))
    return Cloth(_spin(rng, evenness=0.045), _spin(rng, evenness=0.07), twill)


def _spin(rng: np.random.Generator, *, evenness: float) -> Threads:
    def along(grain: float, size: float) -> Table:
        columns = int(N_THREADS / grain) + 2
        coarse = rng.standard_normal((N_THREADS, columns), np.float32)
        fine = np.asarray(cv2.resize(coarse, (N_STEPS, N_THREADS), interpolation=cv2.INTER_CUBIC))
        return np.asarray(size * fine, np.float32)

    each = rng.standard_normal((N_THREADS, 2), np.float32)
    return Threads(
        thickness=1 + evenness * (0.5 * each[:, :1] + along(2.5, 1.0)),
        wander=0.045 * each[:, 1:] + along(4.0, 0.045),
        tone=1 + 0.022 * each[:, :1] + along(3.0, 0.025),
        lift=np.zeros((N_THREADS, N_STEPS), np.float32),
        twist=rng.uniform(0, 2 * np.pi, N_THREADS).astype(np.float32),
    )
