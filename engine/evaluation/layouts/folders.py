"""What lies in the folders of a data set; folder names and suffixes count in any case."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from engine.errors import RecipeError
from engine.evaluation.labelled import LabelledPicture
from engine.evaluation.masks import MASK_SUFFIXES
from engine.pictures import list_pictures

GOOD_NAMES = frozenset({"good", "ok"})


def folders_in(folder: Path) -> list[Path]:
    """List the folders lying in `folder` by name, hidden ones left out.

    Raises
    ------
    RecipeError
        The folder is missing or may not be read.
    """
    try:
        return sorted(
            path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
        )
    except OSError as error:
        raise RecipeError(
            f"The folder {folder} could not be read: {error.strerror}. "
            "Name a folder that exists, and check the rights."
        ) from error


def named(folder: Path, names: Set[str]) -> list[Path]:
    """List the folders lying in `folder` that bear one of these lower-case names."""
    return [path for path in folders_in(folder) if path.name.lower() in names]


def inner(folder: Path, *names: str) -> Path | None:
    """Go down through folders of these lower-case names; None where one of them is missing."""
    here: Path | None = folder
    for name in names:
        here = None if here is None else next(iter(named(here, {name})), None)
    return here


def pictures_in(folder: Path) -> list[Path]:
    """List the pictures lying directly in `folder`.

    Raises
    ------
    RecipeError
        There are none.
    """
    found = list_pictures(folder)
    if not found:
        raise RecipeError(f"{folder} holds no pictures. Add some, or take the folder away.")
    return found


def good_in(folder: Path) -> list[LabelledPicture]:
    """List the pictures of `folder` as good ones; raises as `pictures_in` does."""
    return [LabelledPicture(path, None) for path in pictures_in(folder)]


def defective_in(
    folder: Path, masks: Path | None, *, defect_class: str
) -> tuple[list[LabelledPicture], int]:
    """List the pictures of `folder` as defective ones, and count the masks that fit none.

    Parameters
    ----------
    masks
        Folder of masks named like their pictures, ``x.png`` or ``x_mask.png``; None: no masks.

    Raises
    ------
    RecipeError
        There are no pictures.
    """
    by_stem = {} if masks is None else masks_in(masks)
    pictures = pictures_in(folder)
    labelled = [LabelledPicture(it, defect_class, by_stem.get(it.stem)) for it in pictures]
    return labelled, len(by_stem.keys() - {it.stem for it in pictures})


def masks_in(folder: Path) -> dict[str, Path]:
    """Give the masks by the stem of the picture they belong to, ``x_mask.png`` or ``x.png``."""
    return {
        path.stem.removesuffix("_mask"): path
        for path in list_pictures(folder)
        if path.suffix.lower() in MASK_SUFFIXES
    }
