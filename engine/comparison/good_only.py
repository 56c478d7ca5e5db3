"""Folders of good pictures without any defective one, in the layouts people have them in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.evaluation.layouts import mtd
from engine.evaluation.layouts.folders import GOOD_NAMES, folders_in, inner, named, pictures_in
from engine.pictures import list_pictures


@dataclass(frozen=True, slots=True)
class GoodOnly:
    """Good pictures, as the folder itself divides them."""

    pictures: tuple[Path, ...]
    """To fit on; where `held_out` is empty, some of them are to be held out."""
    held_out: tuple[Path, ...] = ()


def good_only(folder: Path) -> GoodOnly | None:
    """Find the pictures of a folder that holds good ones only; None where it may hold others.

    Known are pictures lying directly in the folder, a folder ``good`` or ``ok`` alone, ``train``
    and ``test`` (MVTec AD, BTAD) with good pictures alone, and ``MT_Free`` alone.

    Raises
    ------
    RecipeError
        A folder of good pictures holds none.
    """
    folders = folders_in(folder)
    if not folders:
        loose = list_pictures(folder)
        return GoodOnly(tuple(loose)) if loose else None
    names = {path.name.lower() for path in folders}
    if len(folders) == 1 and names <= GOOD_NAMES:
        return GoodOnly(tuple(pictures_in(folders[0])))
    if names == {mtd.FREE}:
        good, _ = mtd.pictures_and_masks(folders[0])
        return GoodOnly(tuple(good))
    train, test = inner(folder, "train"), inner(folder, "test")
    trains = [] if train is None else named(train, GOOD_NAMES)
    tests = [] if test is None else folders_in(test)
    if len(trains) != 1 or any(path.name.lower() not in GOOD_NAMES for path in tests):
        return None
    held_out = [picture for path in tests for picture in pictures_in(path)]
    return GoodOnly(tuple(pictures_in(trains[0])), tuple(held_out))
