"""A fit's good pictures: each is read once, and looked at by the backbone for the method."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from engine.components.out_of_memory import twice
from engine.components.spill import check_room
from engine.device import memory_bytes
from engine.errors import OutOfMemoryError, RecipeError
from engine.inspector import Eye
from engine.methods.base import Fetching, HoldingOut, shape_of
from engine.picture_health.baseline import is_black
from engine.picture_health.measure import PictureHealth
from engine.pictures import Picture, naming
from engine.recipe import Roi
from engine.releases.manifest import PictureRecord
from engine.types import FitStep, Image


@dataclass(eq=False)
class Looked:
    """What reading the pictures once leaves behind; the first three of all but the spared one."""

    records: list[PictureRecord] = field(default_factory=list)
    rectangles: list[Roi] = field(default_factory=list)
    squares: list[Image] = field(default_factory=list)
    health: list[PictureHealth] = field(default_factory=list)

    @property
    def groups(self) -> list[str]:
        """The part each picture shows."""
        return [record.group for record in self.records]

    def numbers_of(self, groups: frozenset[str]) -> list[int]:
        """Give the numbers of the pictures of some groups."""
        return [number for number, group in enumerate(self.groups) if group in groups]


def look(
    eye: Eye, pictures: Sequence[Picture], spared_sha256: str
) -> Generator[FitStep, None, Looked]:
    """Read every picture."""
    looked = Looked()
    by_content: dict[str, str] = {}
    began = time.monotonic()
    for done, picture in enumerate(pictures, start=1):
        image, sha256 = picture.load()
        with naming(picture):
            square = eye.preprocessing.square(image)
            rectangle = eye.preprocessing.rectangle(*image.shape[:2])
        looked.health.append(_measured(eye, picture, image, square))
        if sha256 != spared_sha256:
            # The same picture twice would vouch for itself when one of the two is held out.
            group = by_content.setdefault(sha256, picture.group)
            looked.records.append(PictureRecord(name=picture.name, sha256=sha256, group=group))
            looked.rectangles.append(rectangle)
            looked.squares.append(square)
        left = (time.monotonic() - began) / done * (len(pictures) - done)
        yield FitStep("Looking at the good pictures", done, len(pictures), left)
    if len(set(looked.groups)) < 2:
        raise RecipeError(
            "All pictures belong to one part, so none can be held out. "
            "Add pictures of other parts, or change the part pattern."
        )
    return looked


def remember(
    eye: Eye, looked: Looked, kept_apart: frozenset[str]
) -> Generator[FitStep, None, None]:
    """Put what the backbone gives of every picture into the method's memory.

    Raises
    ------
    OutOfMemoryError
        The fit needs more memory than there is.
    RecipeError
        It needs more disk than there is.
    """
    shapes = [shape_of(level) for level in eye.levels(looked.squares[0])]
    if isinstance(eye.method, Fetching):
        check_room(eye.method.fit_disk_bytes(shapes, len(looked.squares)))
    need_gb = eye.method.fit_bytes(shapes, len(looked.squares)) / 1e9
    have_gb = memory_bytes(eye.device) / 1e9
    if need_gb > have_gb:
        raise OutOfMemoryError(
            f"A fit of {eye.method.title} to {len(looked.squares)} pictures needs {need_gb:.1f} GB "
            f"of memory; there are {have_gb:.1f} GB. Choose fewer pictures, a smaller size, "
            "coarser layers or another method."
        )
    if isinstance(eye.method, HoldingOut):
        eye.method.hold_out(looked.numbers_of(kept_apart))
    stage = f"Taking the good pictures in; the fit needs {need_gb:.1f} GB"
    groups = {group: number for number, group in enumerate(dict.fromkeys(looked.groups))}
    began = time.monotonic()
    total = len(looked.squares)
    for number, (square, group) in enumerate(zip(looked.squares, looked.groups, strict=True)):
        levels = twice(partial(eye.levels, square), what=f"look at {looked.records[number].name}")
        with torch.inference_mode():
            eye.method.collect(levels, picture=number, group=groups[group])
        left = (time.monotonic() - began) / (number + 1) * (total - number - 1)
        yield FitStep(stage, number + 1, total, left)
    looked.squares.clear()


def _measured(eye: Eye, picture: Picture, image: Image, square: Image) -> PictureHealth:
    health = eye.health(image, square)
    if is_black(health):
        raise RecipeError(
            f"{picture.name}: The picture is black, so it shows no good part. Take it out."
        )
    return health
