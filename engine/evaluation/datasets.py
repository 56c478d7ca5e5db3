"""Labelled pictures on disk: which are good, which are defective, and where the defects are."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from engine.errors import RecipeError
from engine.pictures import list_pictures

GOOD_NAMES = frozenset({"good", "ok"})
BAD_NAMES = frozenset({"bad", "ng", "defect", "defective"})
MASK_SUFFIXES = frozenset({".bmp", ".png", ".tif", ".tiff"})
"""Formats that keep a mask's zeros; JPEG does not."""

_LAYOUTS = (
    "Give a folder with train/good, test/good, test/<defect class> and "
    "ground_truth/<defect class>, or one with the two folders good and bad."
)


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture whose truth is known."""

    path: Path
    defect_class: str | None
    """None for a good picture."""
    mask: Path | None = None
    """Picture of the same size, not black where defective; None where there is none."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Good pictures to fit on, and labelled ones to test with; at least one good, one defective."""

    train_good: tuple[Path, ...]
    """Empty where the folder holds test pictures only."""
    test: tuple[LabelledPicture, ...]
    n_stray_masks: int = 0
    """Mask files that belong to no picture."""

    @property
    def has_masks(self) -> bool:
        """Whether any defect is marked, so that pixel figures can be given."""
        return any(picture.mask for picture in self.test)

    @property
    def classes(self) -> tuple[str, ...]:
        """The defect classes, in order of name."""
        return tuple(sorted({p.defect_class for p in self.test if p.defect_class is not None}))


def open_dataset(folder: Path) -> Dataset:
    """Find the labelled pictures of a folder; no picture is read yet.

    Two layouts are known, folder names in any case:

    - MVTec AD: ``train/good``, ``test/good``, ``test/<class>`` and
      ``ground_truth/<class>/<picture>_mask.png``;
    - two plain folders without masks: ``good`` or ``ok``, and ``bad``, ``ng``, ``defect`` or
      ``defective``; folders inside the second are defect classes.

    Raises
    ------
    RecipeError
        The folder is missing, has another layout, or one of its parts holds no pictures.
    """
    if not folder.is_dir():
        raise RecipeError(f"There is no folder {folder}. {_LAYOUTS}")
    folders = _folders_in(folder)
    tests = _named(folders, {"test"})
    if tests:
        return _open_mvtec(folders, tests[0])
    good, bad = _named(folders, GOOD_NAMES), _named(folders, BAD_NAMES)
    if len(good) != 1 or len(bad) != 1:
        found = ", ".join(path.name for path in folders) or "no folders"
        raise RecipeError(f"{folder} has no layout that Loupe knows (found: {found}). {_LAYOUTS}")
    return Dataset(train_good=(), test=(*_good(good[0]), *_plain_bad(bad[0])))


def read_mask(path: Path, *, height: int, width: int) -> NDArray[np.bool_]:
    """Read where a picture of this size is defective.

    Parameters
    ----------
    path
        Grey, palette or colour picture; any value above 0 (alpha aside) means defective.

    Returns
    -------
    (H, W) bool.

    Raises
    ------
    RecipeError
        The file cannot be read, or has another size than its picture: a mask is never scaled.
    """
    try:
        with PIL.Image.open(path) as picture:
            values = np.asarray(picture)
            has_alpha = picture.mode in ("LA", "PA", "RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise RecipeError(f"The mask {path} cannot be read ({error}). Save it again.") from error
    if values.shape[:2] != (height, width):
        raise RecipeError(
            f"The mask {path} has {values.shape[1]} × {values.shape[0]} pixels, its picture "
            f"{width} × {height}. Give a mask of the picture's own size."
        )
    colours = values.reshape(height, width, -1)
    defective: NDArray[np.bool_] = np.any(colours[..., : -1 if has_alpha else None] > 0, axis=2)
    return defective


def _open_mvtec(folders: list[Path], test_folder: Path) -> Dataset:
    tests = _folders_in(test_folder)
    good = _named(tests, GOOD_NAMES)
    bad = [path for path in tests if path not in good]
    if len(good) != 1 or not bad:
        raise RecipeError(
            f"{test_folder} must hold one folder good and at least one folder of defective "
            f"pictures, named after the defect. {_LAYOUTS}"
        )
    truths = _subfolders_of(folders, "ground_truth")
    test = _good(good[0])
    n_stray = 0
    for path in bad:
        masks = {
            stem: mask
            for truth in _named(truths, {path.name.lower()})
            for stem, mask in _masks_in(truth).items()
        }
        pictures = _pictures_in(path)
        test += [LabelledPicture(it, path.name, masks.get(it.stem)) for it in pictures]
        n_stray += len(masks.keys() - {it.stem for it in pictures})
    trains = _named(_subfolders_of(folders, "train"), GOOD_NAMES)
    return Dataset(
        train_good=tuple(picture for path in trains for picture in _pictures_in(path)),
        test=tuple(test),
        n_stray_masks=n_stray,
    )


def _plain_bad(folder: Path) -> list[LabelledPicture]:
    classes = _folders_in(folder)
    loose = list_pictures(folder) if classes else _pictures_in(folder)
    test = [LabelledPicture(picture, folder.name) for picture in loose]
    for path in classes:
        test += [LabelledPicture(picture, path.name) for picture in _pictures_in(path)]
    return test


def _good(folder: Path) -> list[LabelledPicture]:
    return [LabelledPicture(path, None) for path in _pictures_in(folder)]


def _pictures_in(folder: Path) -> list[Path]:
    found = list_pictures(folder)
    if not found:
        raise RecipeError(f"{folder} holds no pictures. Add some, or take the folder away.")
    return found


def _masks_in(folder: Path) -> dict[str, Path]:
    """Give the masks by the stem of the picture they belong to, ``x_mask.png`` or ``x.png``."""
    return {
        path.stem.removesuffix("_mask"): path
        for path in list_pictures(folder)
        if path.suffix.lower() in MASK_SUFFIXES
    }


def _folders_in(folder: Path) -> list[Path]:
    """List the folders lying in `folder`, hidden ones left out."""
    try:
        return sorted(
            path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
        )
    except OSError as error:
        raise RecipeError(
            f"The folder {folder} could not be read: {error.strerror}. "
            "Name a folder that exists, and check the rights."
        ) from error


def _subfolders_of(folders: list[Path], name: str) -> list[Path]:
    return [inner for path in _named(folders, {name}) for inner in _folders_in(path)]


def _named(folders: list[Path], names: Set[str]) -> list[Path]:
    return [path for path in folders if path.name.lower() in names]
