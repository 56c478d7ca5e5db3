"""Small pictures of a made-up part, and releases fitted on them within a second."""

from __future__ import annotations

import functools
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from engine.fitting import fit
from engine.parameters import PatchCoreParameters
from engine.pictures import Picture, image_sha256
from engine.recipe import Recipe
from engine.releases.folder import FittedRelease
from engine.types import Frame, Image, Origin

Result = TypeVar("Result")

HEIGHT, WIDTH = 72, 96
SIZE = 64


@dataclass(frozen=True, eq=False)
class DrawnPicture:
    """A `Picture` in memory; notes how often it was read."""

    name: str
    image: Image
    group: str

    def load(self) -> tuple[Image, str]:
        return self.image.copy(), image_sha256(self.image)


def good_image(number: int) -> Image:
    """Brushed metal: the same stripes each time, with noise of its own."""
    rng = np.random.default_rng(number)
    stripes = 118 + 14 * np.sin(np.arange(WIDTH) * 0.9)[None, :, None]
    noise = rng.normal(0, 4, (HEIGHT, WIDTH, 1))
    return np.clip(stripes + noise + rng.uniform(-3, 3), 0, 255).repeat(3, 2).astype(np.uint8)


def spotted(image: Image, *, x: int = 60, y: int = 40, radius: int = 8) -> Image:
    """The same part with a dark spot on it."""
    return np.asarray(cv2.circle(image.copy(), (x, y), radius, (10, 10, 10), -1), np.uint8)


def good_pictures(count: int = 12) -> list[DrawnPicture]:
    names = [f"part{number:03}.png" for number in range(count)]
    return [DrawnPicture(name, good_image(n), name) for n, name in enumerate(names)]


def small_recipe(**changes: Any) -> Recipe:
    settings: dict[str, Any] = {
        "part": "plate",
        "backbone": "gabor",
        "size": SIZE,
        "parameters": PatchCoreParameters(coreset=0.25),
    }
    return Recipe(**(settings | changes))


def finished(steps: Generator[Any, None, Result]) -> Result:
    """Run a generator of steps to its end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def fitted(
    recipe: Recipe | None = None, pictures: Sequence[Picture] | None = None
) -> FittedRelease:
    chosen = good_pictures() if pictures is None else pictures
    return finished(fit(recipe or small_recipe(), chosen, device="cpu"))


@functools.cache
def the_release() -> FittedRelease:
    """One fitted release for all tests that only need some; nothing of it can be changed."""
    return fitted()


def frame_of(image: Image, number: int = 1) -> Frame:
    origin = Origin(
        source="test",
        part_id=f"part {number}",
        taken_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
        number=number,
        simulated=False,
        sha256=image_sha256(image),
    )
    return Frame(image.copy(), origin)


def save_png(image: Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())
    return path


def save_good(folder: Path, count: int = 12, *, first: int = 0) -> list[Path]:
    """Write good pictures into a folder as files."""
    numbers = range(first, first + count)
    return [save_png(good_image(n), folder / f"part{n:03}.png") for n in numbers]
