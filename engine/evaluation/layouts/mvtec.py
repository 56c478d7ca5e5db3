"""MVTec AD: ``train/good``, ``test/good``, ``test/<class>``, ``ground_truth/<class>``.

Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 129, 2021, pp. 1038-1059: one folder
per object, a mask named ``<picture>_mask.png``.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import RecipeError
from engine.evaluation.labelled import Dataset
from engine.evaluation.layouts.folders import (
    GOOD_NAMES,
    defective_in,
    folders_in,
    good_in,
    inner,
    named,
    pictures_in,
)

SHAPE = "train/good, test/good, test/<defect class> and ground_truth/<defect class> (MVTec AD)"


def recognises(folder: Path) -> bool:
    """Tell whether there is a folder ``test``."""
    return inner(folder, "test") is not None


def read(folder: Path) -> Dataset:
    """List the pictures; ``train`` and masks may be missing.

    Raises
    ------
    RecipeError
        There is no folder of good or of defective test pictures, or one holds no pictures.
    """
    tests = inner(folder, "test") or folder / "test"
    good = named(tests, GOOD_NAMES)
    bad = [path for path in folders_in(tests) if path not in good]
    if len(good) != 1 or not bad:
        raise RecipeError(
            f"{tests} must hold one folder good and at least one folder of defective "
            f"pictures, named after the defect: {SHAPE}."
        )
    test, n_stray = good_in(good[0]), 0
    for path in bad:
        masks = inner(folder, "ground_truth", path.name.lower())
        pictures, n_unused = defective_in(path, masks, defect_class=path.name)
        test += pictures
        n_stray += n_unused
    train = inner(folder, "train")
    trains = [] if train is None else named(train, GOOD_NAMES)
    return Dataset(
        train_good=tuple(picture for path in trains for picture in pictures_in(path)),
        test=tuple(test),
        n_stray_masks=n_stray,
    )
