"""MTD, magnetic tile defects: ``MT_Free/Imgs`` and ``MT_<defect>/Imgs``.

Huang, Qiu and Yuan, "Surface defect saliency of magnetic tile", The Visual Computer 36, 2020,
pp. 85-96. Each picture is a JPEG with its mask beside it as PNG, good ones too. The authors
give no split: a fifth of the good pictures is held back to test with, as in the PatchCore paper,
here the fifth whose names have the lowest SHA-256, which is the same on every computer.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from engine.errors import RecipeError
from engine.evaluation.labelled import Dataset, LabelledPicture
from engine.evaluation.layouts.folders import folders_in, inner
from engine.evaluation.masks import MASK_SUFFIXES
from engine.pictures import list_pictures

SHAPE = "MT_Free/Imgs and MT_<defect class>/Imgs (magnetic tile defects)"

_PREFIX = "mt_"
FREE = "mt_free"
_TEST_SHARE = 0.2


def recognises(folder: Path) -> bool:
    """Tell whether there is any folder ``MT_…``."""
    return bool(_kinds(folder))


def read(folder: Path) -> Dataset:
    """List the pictures; a JPEG without a PNG of its name has no mask.

    Raises
    ------
    RecipeError
        A folder is missing or holds no pictures, or there is but one good one.
    """
    kinds = _kinds(folder)
    free = [path for path in kinds if path.name.lower() == FREE]
    bad = [path for path in kinds if path not in free]
    if not free or not bad:
        missing = "MT_<defect class>" if free else "MT_Free"
        raise RecipeError(
            f"{folder} looks like the magnetic tile defects, but has no folder {missing}. "
            f"Unpack it again; it should hold {SHAPE}."
        )
    good, _ = pictures_and_masks(free[0])
    if len(good) < 2:
        raise RecipeError(
            f"{free[0]} holds one picture: none is left to fit on when it is tested with. "
            "Unpack it again."
        )
    by_hash = sorted(good, key=lambda path: sha256(path.stem.encode()).digest())
    held_back = set(by_hash[: max(1, round(_TEST_SHARE * len(good)))])
    test = [LabelledPicture(path, None) for path in good if path in held_back]
    n_stray = 0
    for kind in bad:
        pictures, masks = pictures_and_masks(kind)
        name = kind.name[len(_PREFIX) :]
        test += [LabelledPicture(path, name, masks.get(path.stem)) for path in pictures]
        n_stray += len(masks.keys() - {path.stem for path in pictures})
    return Dataset(
        train_good=tuple(path for path in good if path not in held_back),
        test=tuple(test),
        n_stray_masks=n_stray,
    )


def _kinds(folder: Path) -> list[Path]:
    return [path for path in folders_in(folder) if path.name.lower().startswith(_PREFIX)]


def pictures_and_masks(kind: Path) -> tuple[list[Path], dict[str, Path]]:
    """List the pictures of one kind, and its masks by the stem of their picture."""
    folder = inner(kind, "imgs")
    if folder is None:
        raise RecipeError(f"{kind} holds no folder Imgs. Unpack it again.")
    files = list_pictures(folder)
    masks = {path.stem: path for path in files if path.suffix.lower() in MASK_SUFFIXES}
    pictures = [path for path in files if path.suffix.lower() not in MASK_SUFFIXES]
    if not pictures:
        raise RecipeError(f"{folder} holds no JPEG pictures. Unpack it again.")
    return pictures, masks
