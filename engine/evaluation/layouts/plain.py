"""Two plain folders without masks, as people sort pictures: the good ones and the bad ones."""

from __future__ import annotations

from pathlib import Path

from engine.evaluation.labelled import Dataset, LabelledPicture
from engine.evaluation.layouts.folders import (
    GOOD_NAMES,
    folders_in,
    good_in,
    named,
    pictures_in,
)
from engine.pictures import list_pictures

SHAPE = "good (or ok) and bad (or ng, defect, defective)"

_BAD_NAMES = frozenset({"bad", "ng", "defect", "defective"})


def recognises(folder: Path) -> bool:
    """Tell whether there is one folder of good pictures and one of bad ones."""
    return len(named(folder, GOOD_NAMES)) == 1 and len(named(folder, _BAD_NAMES)) == 1


def read(folder: Path) -> Dataset:
    """List the pictures; folders inside the bad one are defect classes.

    Raises
    ------
    RecipeError
        A folder holds no pictures.
    """
    (good,), (bad,) = named(folder, GOOD_NAMES), named(folder, _BAD_NAMES)
    classes = folders_in(bad)
    loose = list_pictures(bad) if classes else pictures_in(bad)
    test = good_in(good) + [LabelledPicture(picture, bad.name) for picture in loose]
    for path in classes:
        test += [LabelledPicture(picture, path.name) for picture in pictures_in(path)]
    return Dataset(train_good=(), test=tuple(test))
