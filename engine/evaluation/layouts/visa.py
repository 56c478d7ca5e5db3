"""VisA: ``<object>/Data/Images/{Normal,Anomaly}``, and a table that says what is for testing.

Zou et al., "SPot-the-Difference Self-supervised Pre-training for Anomaly Detection and
Segmentation", ECCV 2022. Beside the objects lies ``split_csv/1cls.csv`` with the columns object,
split (train, test), label (normal, anomaly), image and mask, the last two as paths from the folder
that holds the objects; a mask is empty for good pictures. There is one class of defects, anomaly.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.errors import RecipeError
from engine.evaluation.labelled import Dataset, LabelledPicture
from engine.evaluation.layouts.folders import inner
from engine.pictures import list_pictures

SHAPE = (
    "Data/Images/Normal and Data/Images/Anomaly, beside it split_csv/1cls.csv (an object of VisA)"
)

_COLUMNS = ("object", "split", "label", "image", "mask")
_KINDS = {("train", "normal"), ("test", "normal"), ("test", "anomaly")}


@dataclass(frozen=True, slots=True)
class _Row:
    split: str
    label: str
    image: str
    mask: str
    """Empty where there is none."""


def recognises(folder: Path) -> bool:
    """Tell whether there is a folder ``Data/Images/Normal`` or ``Data/Images/Anomaly``."""
    return any(inner(folder, "data", "images", kind) for kind in ("normal", "anomaly"))


def read(folder: Path) -> Dataset:
    """List the pictures of one object as its table splits them; masks may be missing.

    Raises
    ------
    RecipeError
        The table is missing, damaged or does not know the object, a picture that it names is
        missing, or it leaves no good or no defective picture to test with.
    """
    if folder.name in ("", ".."):
        folder = folder.resolve()  # else there is no name to look up; a link's own name counts
    table = _table(folder)
    rows = list(_rows_of(table, folder.name))
    files = _Files(folder)
    missing = [row.image for row in rows if files.find(row.image) is None]
    if missing:
        raise RecipeError(
            f"{table} names {len(missing)} pictures that {folder} does not hold, first "
            f"{missing[0]}. Unpack the object again."
        )
    images = [(row, path) for row in rows if (path := files.find(row.image)) is not None]
    test = [
        LabelledPicture(path, None)
        if row.label == "normal"
        else LabelledPicture(path, "anomaly", files.find(row.mask))
        for row, path in images
        if row.split == "test"
    ]
    if len({picture.defect_class for picture in test}) < 2:
        raise RecipeError(
            f"{table} names no good or no defective test picture of {folder.name}. Unpack the "
            "folder split_csv again."
        )
    used = {picture.mask for picture in test}
    return Dataset(
        train_good=tuple(path for row, path in images if row.split == "train"),
        test=tuple(test),
        n_stray_masks=sum(path not in used for path in files.masks()),
    )


def _table(folder: Path) -> Path:
    splits = inner(folder.parent, "split_csv")
    table = None if splits is None else splits / "1cls.csv"
    if table is None or not table.is_file():
        raise RecipeError(
            f"{folder} is an object of VisA, but split_csv/1cls.csv is not beside it, and that "
            "table alone says which pictures are for testing. Copy the folder split_csv there."
        )
    return table


def _rows_of(table: Path, name: str) -> Iterator[_Row]:
    """Give the rows of one object.

    Raises
    ------
    RecipeError
        The table cannot be read, has other columns or values, or does not know the object.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {column: (value or "").strip() for column, value in row.items() if column}
                for row in csv.DictReader(file, restkey="", skipinitialspace=True)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecipeError(f"{table} cannot be read ({error}). Unpack it again.") from error
    objects = sorted({row.get("object", "") for row in rows} - {""})
    if not rows or set(_COLUMNS) - rows[0].keys():
        raise RecipeError(
            f"{table} should have the columns {', '.join(_COLUMNS)} and a row per picture. "
            "Unpack it again."
        )
    if name.lower() not in {known.lower() for known in objects}:
        raise RecipeError(
            f"{table} knows no object {name} (only {', '.join(objects)}). Give the folder the name "
            "of its object."
        )
    for number, row in enumerate(rows, start=2):
        if row["object"].lower() != name.lower():
            continue
        kind = (row["split"].lower(), row["label"].lower())
        if kind not in _KINDS:
            raise RecipeError(
                f"{table}, row {number}: split {row['split']!r} with label {row['label']!r} is "
                "none of train normal, test normal and test anomaly. Unpack the table again."
            )
        yield _Row(*kind, image=row["image"], mask=row["mask"])


class _Files:
    """The files of one object by the paths that the table gives them, in any case."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed: dict[tuple[str, ...], dict[str, Path]] = {}

    def find(self, path: str) -> Path | None:
        """Find ``<object>/Data/…/<file>``; None where it is empty or names no file here."""
        parts = PurePosixPath(path.lower().replace("\\", "/")).parts
        if len(parts) < 2:
            return None
        return self._in(parts[1:-1]).get(parts[-1])

    def masks(self) -> list[Path]:
        """List all masks."""
        return list(self._in(("data", "masks", "anomaly")).values())

    def _in(self, inside: tuple[str, ...]) -> dict[str, Path]:
        if inside not in self._listed:
            found = inner(self._folder, *inside)
            pictures = [] if found is None else list_pictures(found)
            self._listed[inside] = {picture.name.lower(): picture for picture in pictures}
        return self._listed[inside]
