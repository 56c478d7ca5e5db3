"""A drawn belt under a camera: parts come, stop and go, in light that is never quite steady."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from engine.sources.camera.captured import Bgr

WIDTH, HEIGHT = 160, 120
PART_PX = 90
"""Length of a part along the belt; the camera sees less than two of them."""
CREEP_PX_S = 120.0
"""Speed of the belt between two stops."""
EMPTY_S = 1.0
"""Empty belt before the first part and after the last."""


@dataclass(frozen=True)
class Shadow:
    """Somebody walks by: a dark band with a soft rim crosses the picture, or stays in it."""

    from_s: float
    speed_px_s: float
    darkness: float
    """Share of the light that it takes."""
    stays_at_px: float = 1000.0


@dataclass(frozen=True)
class Belt:
    """Parts in a row that stop at the same places; give its frames with `frames`.

    Attributes
    ----------
    parts
        How many parts come, each of its own look.
    stops_px
        Where the middle of each part stops, in the order of its way; one picture each all the same.
    pitch_px
        From the middle of a part to the middle of the next; `PART_PX`: they touch.
    rest_s
        How long a part stays at a stop.
    light_per_s
        Share by which the light grows per second; negative: it fades.
    noise
        Standard deviation of the sensor's noise, grey levels.
    focus_s
        How long the camera needs to focus on a part that has stopped; 0: it is fixed.
    """

    parts: int = 1
    stops_px: tuple[int, ...] = (WIDTH // 2,)
    pitch_px: int = 2 * WIDTH
    rest_s: float = 1.0
    light_per_s: float = 0.0
    noise: float = 1.0
    shadow: Shadow | None = None
    focus_s: float = 0.0
    backwards: bool = False
    frames_per_s: float = 20.0
    seed: int = 0
    contrast: float = 60.0

    def places(self) -> Iterator[tuple[float, float, float]]:
        """Give for each frame the time, the first part's middle and the seconds it has rested."""
        halts = sorted(
            {
                float(stop + part * self.pitch_px)
                for part in range(self.parts)
                for stop in self.stops_px
            }
        )
        step_s, time_s, place = 1 / self.frames_per_s, 0.0, -float(PART_PX)
        end = WIDTH + PART_PX + (self.parts - 1) * self.pitch_px
        for _ in range(round(EMPTY_S * self.frames_per_s)):
            yield time_s, place, 0.0
            time_s += step_s
        while place < end:
            goal = next((halt for halt in halts if halt > place), float(end))
            while place < goal:
                place = min(goal, place + CREEP_PX_S * step_s)
                yield time_s, place, 0.0
                time_s += step_s
            rested_s = 0.0
            while goal < end and rested_s < self.rest_s:
                rested_s += step_s
                yield time_s, place, rested_s
                time_s += step_s
        for _ in range(round(EMPTY_S * self.frames_per_s)):
            yield time_s, place, 0.0
            time_s += step_s

    def frames(self) -> Iterator[tuple[float, Bgr]]:
        """Draw the frames, with the time of each in seconds."""
        rng = np.random.default_rng(self.seed)
        belt = cv2.GaussianBlur(rng.normal(110, 40, (HEIGHT, WIDTH)), (0, 0), 1.5)
        faces = [_face(rng, self.contrast) for _ in range(self.parts)]
        for time_s, place, rested_s in self.places():
            scene = belt.copy()
            for number, face in enumerate(faces):
                _lay(scene, face, place - number * self.pitch_px)
            if self.focus_s and 0 < rested_s < self.focus_s:
                scene = cv2.GaussianBlur(scene, (0, 0), 0.3 + 4 * (1 - rested_s / self.focus_s))
            scene *= (1 + self.light_per_s * time_s) * _lit(self.shadow, time_s)
            scene += rng.normal(0, self.noise, scene.shape)
            if self.backwards:
                scene = scene[:, ::-1]
            grey = np.clip(scene, 0, 255).astype(np.uint8)
            yield time_s, np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def _face(rng: np.random.Generator, contrast: float) -> np.ndarray:
    face = np.full((72, PART_PX), 110.0 + contrast)
    face += cv2.GaussianBlur(rng.normal(0, 60, face.shape), (0, 0), 2)
    cv2.circle(face, (int(rng.integers(16, PART_PX - 16)), int(rng.integers(16, 56))), 9, 40, -1)
    face[:2], face[-2:], face[:, :2], face[:, -2:] = 60, 60, 60, 60
    return face


def _lay(scene: np.ndarray, face: np.ndarray, middle_px: float) -> None:
    left = round(middle_px) - PART_PX // 2
    top = (HEIGHT - len(face)) // 2
    start, stop = max(left, 0), min(left + PART_PX, WIDTH)
    if start < stop:
        scene[top : top + len(face), start:stop] = face[:, start - left : stop - left]


def _lit(shadow: Shadow | None, time_s: float) -> np.ndarray:
    if shadow is None:
        return np.ones(WIDTH)
    middle = -60 + shadow.speed_px_s * (time_s - shadow.from_s)
    away = np.abs(np.arange(WIDTH) - min(middle, shadow.stays_at_px))
    return 1 - shadow.darkness * np.clip(1.5 - away / 30, 0, 1)
