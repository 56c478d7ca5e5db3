"""Which pictures every candidate is fitted on and which it is tested with: the same for all."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.comparison.drawn_defects import draw_defects
from engine.comparison.file_hashes import hashed
from engine.comparison.good_only import good_only
from engine.errors import RecipeError
from engine.evaluation.datasets import open_dataset
from engine.evaluation.labelled import Dataset, LabelledPicture
from engine.recipe import part_of
from engine.types import FitStep

_HELD_OUT_SHARE = 0.2
_FEWEST_HELD_OUT = 10
"""Held out of few pictures; never more than half of them."""


@dataclass(frozen=True)
class Split:
    """The pictures of one comparison."""

    dataset: Dataset
    sha256: str
    """Of names, content and truth of every picture and mask, and which are for testing."""
    drawn: bool
    """The defective pictures are good ones with drawn damage: there were no NG pictures."""
    remarks: tuple[str, ...]
    """Sentences for people about how the pictures were divided."""


def split_of(
    folder: Path, drawn_folder: Path, *, part_pattern: str | None = None, seed: int = 0
) -> Generator[FitStep, None, Split]:
    """Divide the pictures of a folder.

    What the folder itself says is for testing is tested with. Where it does not say, the fifth of
    the good parts whose names have the lowest SHA-256 is held out, at least 10 pictures but never
    more than half; copies of one picture stay together. Where no picture is defective, damage is
    drawn into those held out.

    Parameters
    ----------
    folder
        In any layout of `open_dataset` or `good_only`.
    drawn_folder
        Where drawn pictures are written, in a folder of their own.
    part_pattern
        As in a recipe: pictures of one part stay on one side.

    Raises
    ------
    RecipeError
        The folder has no layout that is known, or there are too few good pictures to hold any out.
    PictureError
        A file cannot be read.
    """
    only_good = good_only(folder) if folder.is_dir() else None
    if only_good is None:
        dataset = open_dataset(folder)
    else:
        tests = tuple(LabelledPicture(path, None) for path in only_good.held_out)
        dataset = Dataset(train_good=only_good.pictures, test=tests)
    masks = [picture.mask for picture in dataset.test if picture.mask is not None]
    paths = [*dataset.train_good, *(picture.path for picture in dataset.test), *masks]
    sha256s = yield from hashed(paths)
    dataset, remarks = _divided(dataset, sha256s, part_pattern)
    if only_good is not None:
        held_out = [picture.path for picture in dataset.test]
        drawn = yield from draw_defects(held_out, drawn_folder, sha256s, seed=seed)
        dataset = replace(dataset, test=(*dataset.test, *drawn))
        more = [path for it in drawn for path in (it.path, it.mask) if path is not None]
        sha256s |= yield from hashed(more)
        remarks += (
            f"No picture is defective, so damage was drawn into the {len(held_out)} held-out good "
            "pictures. Such damage ranks candidates; how well they find real defects it cannot "
            "tell.",
        )
    return Split(
        dataset=dataset,
        sha256=_hash_of(dataset, sha256s),
        drawn=only_good is not None,
        remarks=remarks,
    )


def _divided(
    dataset: Dataset, sha256s: Mapping[Path, str], part_pattern: str | None
) -> tuple[Dataset, tuple[str, ...]]:
    """Hold good pictures out where nothing says which are for testing; leave copies out."""
    good = [picture for picture in dataset.test if picture.defect_class is None]
    if dataset.train_good and good:
        fitted_on = {sha256s[path] for path in dataset.train_good}
        kept = [it for it in dataset.test if sha256s[it.path] not in fitted_on]
        n_left_out = len(dataset.test) - len(kept)
        if not n_left_out:
            return dataset, ()
        if all(it.defect_class is not None for it in kept):
            raise RecipeError(
                "Every good test picture is a copy of one to fit on, so none can be tested with. "
                "Add other good pictures."
            )
        said = f"Test pictures left out as copies of pictures to fit on: {n_left_out}."
        return replace(dataset, test=tuple(kept)), (said,)
    every = [*dataset.train_good, *(picture.path for picture in good)]
    held_out = _held_out(every, sha256s, part_pattern)
    defective = [picture for picture in dataset.test if picture.defect_class is not None]
    tests = [LabelledPicture(path, None) for path in every if path in held_out]
    said = (
        f"The folder does not say which good pictures to test with: {len(held_out)} of "
        f"{len(every)} are held out by the hash of their names."
    )
    divided = replace(
        dataset,
        train_good=tuple(path for path in every if path not in held_out),
        test=(*tests, *defective),
    )
    return divided, (said,)


def _held_out(
    good: Sequence[Path], sha256s: Mapping[Path, str], part_pattern: str | None
) -> frozenset[Path]:
    """Choose whole parts, those whose names have the lowest hashes, until they are enough.

    Raises
    ------
    RecipeError
        All pictures show one part, or there is but one.
    """
    first_of: dict[str, str] = {}
    parts: dict[str, list[Path]] = {}
    for path in good:
        part = first_of.setdefault(sha256s[path], part_of(path.name, part_pattern))
        parts.setdefault(part, []).append(path)
    if len(parts) < 2:
        raise RecipeError(
            f"The {len(good)} good pictures show one part, so none can be held out to test with. "
            "Add pictures of other parts."
        )
    wanted = max(round(_HELD_OUT_SHARE * len(good)), min(_FEWEST_HELD_OUT, len(good) // 2), 1)
    chosen: list[Path] = []
    for part in sorted(parts, key=lambda name: hashlib.sha256(name.encode()).digest()):
        if len(chosen) >= wanted or len(chosen) + len(parts[part]) == len(good):
            break
        chosen += parts[part]
    return frozenset(chosen)


def _hash_of(dataset: Dataset, sha256s: Mapping[Path, str]) -> str:
    digest = hashlib.sha256()
    for path in dataset.train_good:
        digest.update(repr(("train", path.name, sha256s[path])).encode())
    for it in dataset.test:
        mask = it.mask and sha256s[it.mask]
        row = ("test", it.path.name, sha256s[it.path], it.defect_class, mask)
        digest.update(repr(row).encode())
    return digest.hexdigest()
