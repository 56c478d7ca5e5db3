"""Patch embeddings to measure with: of real parts where their folder is given, else of drawn ones.

The folder is named by the environment variable ``LOUPE_PARTS`` (see CONTRIBUTING.md).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from engine.components.backbone import open_backbone
from engine.components.embedding import concat
from engine.device import open_device
from engine.evaluation.datasets import open_dataset
from engine.pictures import file_pictures
from engine.preprocess import Preprocessing
from engine.recipe import Recipe
from engine.synthetic.pictures import good_ring_pictures
from engine.types import Image

Taken = TypeVar("Taken")
SIZE = 224


@dataclass(frozen=True, eq=False)
class Patches:
    """Patch embeddings of pictures, (n, D) float32 each."""

    what: str
    good: list[Tensor]
    """Of good pictures to fit on."""
    tested: list[Tensor]
    """Of others to score."""
    defective: list[bool]
    """Of those scored."""


def patches(good: int, tested: int) -> Patches:
    """Embed so many pictures by the built-in backbone, evenly drawn from the folder's."""
    if "LOUPE_PARTS" not in os.environ:
        drawn = [picture.load()[0] for picture in good_ring_pictures(good + tested, seed=0)]
        embedded = _embedded(drawn)
        return Patches("drawn rings", embedded[:good], embedded[good:], [False] * tested)
    dataset = open_dataset(Path(os.environ["LOUPE_PARTS"]))
    chosen = evenly(dataset.test, tested)
    paths = [*evenly(dataset.train_good, good), *(picture.path for picture in chosen)]
    embedded = _embedded([picture.load()[0] for picture in file_pictures(paths)])
    count = len(paths) - len(chosen)
    labels = [picture.defect_class is not None for picture in chosen]
    return Patches("parts of LOUPE_PARTS", embedded[:count], embedded[count:], labels)


def evenly(things: Sequence[Taken], count: int) -> list[Taken]:
    """Take so many, in order, from all over."""
    count = min(count, len(things))
    return [things[number * len(things) // count] for number in range(count)]


def _embedded(images: Sequence[Image]) -> list[Tensor]:
    device = open_device("cpu")
    backbone = open_backbone("builtin", weights="builtin", layers=(), device=device)
    preprocessing = Preprocessing.of(Recipe(size=SIZE), images[0])
    found = []
    with torch.inference_mode():
        for image in images:
            batch = preprocessing.tensor(preprocessing.square(image)[None], device)
            found.append(concat(backbone(batch))[0])
    return found
