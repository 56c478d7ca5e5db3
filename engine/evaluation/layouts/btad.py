"""BTAD: ``<n>/train/ok``, ``<n>/test/ok``, ``<n>/test/ko``, ``<n>/ground_truth/ko``.

Mishra et al., "VT-ADL: A Vision Transformer Network for Image Anomaly Detection and Localization",
ISIE 2021: three products, 01 to 03. A mask bears the name of its picture, as PNG or BMP whatever
the picture is. There is one class of defects, ko.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import RecipeError
from engine.evaluation.labelled import Dataset
from engine.evaluation.layouts.folders import defective_in, good_in, inner, pictures_in

SHAPE = "train/ok, test/ok, test/ko and ground_truth/ko (one product of BTAD)"


def recognises(folder: Path) -> bool:
    """Tell whether there is a folder ``test/ko``."""
    return inner(folder, "test", "ko") is not None


def read(folder: Path) -> Dataset:
    """List the pictures; masks may be missing.

    Raises
    ------
    RecipeError
        A folder is missing or holds no pictures.
    """
    train, good, bad = (
        _needed(folder, outer, name)
        for outer, name in (("train", "ok"), ("test", "ok"), ("test", "ko"))
    )
    defective, n_stray = defective_in(bad, inner(folder, "ground_truth", "ko"), defect_class="ko")
    return Dataset(
        train_good=tuple(pictures_in(train)),
        test=(*good_in(good), *defective),
        n_stray_masks=n_stray,
    )


def _needed(folder: Path, outer: str, name: str) -> Path:
    found = inner(folder, outer, name)
    if found is None:
        raise RecipeError(
            f"{folder} looks like a product of BTAD, but has no folder {outer}/{name}. "
            f"Unpack it again; it should hold {SHAPE}."
        )
    return found
