"""The pictures given for a fit or an evaluation, and which files count as pictures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.decoding import decode
from engine.errors import PictureError, RecipeError, SourceError
from engine.recipe import part_of
from engine.types import Frame, Image, Origin

__all__ = [
    "PICTURE_SUFFIXES",
    "FilePicture",
    "Picture",
    "counting_order",
    "decode",
    "file_pictures",
    "image_sha256",
    "is_picture_name",
    "list_pictures",
    "naming",
    "pictures_lying_in",
]

PICTURE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class Picture(Protocol):
    """A picture given for a fit or an evaluation; read when needed, so that thousands fit."""

    @property
    def name(self) -> str:
        """What people call it, such as the file name."""
        ...

    @property
    def group(self) -> str:
        """Pictures of one part share a group; held-out scores leave out the whole of it."""
        ...

    def load(self) -> tuple[Image, str]:
        """Read it: the (H, W, 3) uint8 RGB image, and the hex SHA-256 of what was read.

        Raises
        ------
        PictureError
            The picture is damaged, empty or of a foreign format.
        """
        ...


@dataclass(frozen=True, slots=True)
class FilePicture:
    """A `Picture` that is a file; the SHA-256 is that of the file's bytes."""

    path: Path
    group: str

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    def load(self) -> tuple[Image, str]:
        """Read and decode the file; see `Picture.load`."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise PictureError(
                f"{self.path} could not be read: {error.strerror}. Check the path and the rights."
            ) from error
        return decode(data, self.name), hashlib.sha256(data).hexdigest()

    def frame(self, number: int, *, source: str) -> Frame:
        """Read it as a frame to inspect that no line brought; raises as `load` does.

        Parameters
        ----------
        number
            Its place among the pictures inspected with it, from 1.
        source
            What had it inspected, in a word.
        """
        image, sha256 = self.load()
        origin = Origin(
            source=source,
            part_id=self.name,
            taken_at=datetime.now(UTC),
            number=number,
            simulated=False,
            sha256=sha256,
        )
        return Frame(image, origin)


def list_pictures(folder: Path) -> list[Path]:
    """List the picture files lying directly in `folder`, numbers in names in counting order.

    Raises
    ------
    SourceError
        The folder is missing or may not be read.
    """
    try:
        return sorted(
            (path for path in folder.iterdir() if is_picture_name(path.name) and path.is_file()),
            key=lambda path: counting_order(path.name),
        )
    except OSError as error:
        raise SourceError(
            f"The folder {folder} could not be read: {error.strerror}. "
            "Name a folder that exists, and check the rights."
        ) from error


def pictures_lying_in(folder: Path) -> list[Path]:
    """List them as `list_pictures` does, for a person who says that there are some.

    Raises
    ------
    SourceError
        There are none, or the folder is missing or may not be read.
    """
    found = list_pictures(folder)
    if not found:
        inside = sorted(path.name for path in folder.iterdir() if path.is_dir())
        holds = f"; it holds the folders {', '.join(inside)}" if inside else ""
        raise SourceError(
            f"There is no picture in {folder}{holds}. Name the folder in which the pictures lie."
        )
    return found


def file_pictures(paths: Iterable[Path], part_pattern: str | None = None) -> list[FilePicture]:
    """Give files as pictures; those whose names show the same part id share a group."""
    return [FilePicture(path, part_of(path.name, part_pattern)) for path in paths]


@contextmanager
def naming(picture: Picture) -> Iterator[None]:
    """Say which picture it is that a recipe does not fit."""
    try:
        yield
    except RecipeError as error:
        raise RecipeError(f"{picture.name}: {error}") from error


def is_picture_name(name: str) -> bool:
    """Tell whether a file of this name is taken: hidden, temporary and other files are not."""
    stem, dot, suffix = name.rpartition(".")  # five times as fast as Path, 20 000 names a look
    return stem != "" and name[0] not in ".~" and (dot + suffix).lower() in PICTURE_SUFFIXES


def counting_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """Give a sort key that puts "part 9" before "part 10", the same on every system."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(int(piece), "") if piece[0] in "0123456789" else (-1, piece) for piece in pieces], name


def image_sha256(image: Image) -> str:
    """Give the hex SHA-256 of an image without a file: its shape as text, then its raw RGB."""
    digest = hashlib.sha256("x".join(map(str, image.shape)).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()
