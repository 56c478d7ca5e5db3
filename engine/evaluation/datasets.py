"""Which labelled pictures a folder holds, whatever the layout it was downloaded in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import RecipeError
from engine.evaluation.labelled import Dataset
from engine.evaluation.layouts import btad, mtd, mvtec, plain, visa
from engine.evaluation.layouts.folders import folders_in


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which data sets lie on disk."""

    shape: str
    """The folders it consists of, for people."""
    recognises: Callable[[Path], bool]
    """Tells by folder names alone whether a folder is meant to have this layout."""
    read: Callable[[Path], Dataset]
    """Lists the pictures of a folder that is; raises RecipeError where a piece is missing."""


LAYOUTS = (
    Layout(visa.SHAPE, visa.recognises, visa.read),
    Layout(mtd.SHAPE, mtd.recognises, mtd.read),
    Layout(btad.SHAPE, btad.recognises, btad.read),  # before MVTec AD, which is less particular
    Layout(mvtec.SHAPE, mvtec.recognises, mvtec.read),
    Layout(plain.SHAPE, plain.recognises, plain.read),
)
"""The first that recognises a folder reads it."""


def open_dataset(folder: Path) -> Dataset:
    """Find the labelled pictures of a folder; no picture is read yet.

    Known are MVTec AD, VisA and BTAD (the folder of one object), the magnetic tile defects, and
    two plain folders; see `engine.evaluation.layouts`.

    Raises
    ------
    RecipeError
        The folder is missing, has another layout, or a part of its layout is missing or empty.
    """
    if not folder.is_dir():
        raise RecipeError(f"There is no folder {folder}. {_known()}")
    layout = _layout_of(folder)
    if layout is not None:
        return layout.read(folder)
    inside = folders_in(folder)
    objects = [path for path in inside if _layout_of(path) is not None]
    if objects:
        raise RecipeError(
            f"{folder} is no data set, but holds some: {', '.join(it.name for it in objects)}. "
            f"Name one of them, such as {objects[0]}."
        )
    around = folder.absolute().parent
    if _layout_of(around) is not None:
        raise RecipeError(f"{folder} is a part of a data set. Name the whole of it, {around}.")
    found = ", ".join(path.name for path in inside) or "no folders"
    raise RecipeError(f"{folder} has no layout that Loupe knows (found: {found}). {_known()}")


def _layout_of(folder: Path) -> Layout | None:
    return next((layout for layout in LAYOUTS if layout.recognises(folder)), None)


def _known() -> str:
    return f"Give a folder that holds {'; or '.join(layout.shape for layout in LAYOUTS)}."
