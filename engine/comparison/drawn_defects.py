"""Damage drawn into good pictures that were held out, to rank candidates where no NG part is."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.errors import PictureError, RecipeError
from engine.evaluation.labelled import LabelledPicture
from engine.pictures import FilePicture, list_pictures
from engine.pretraining.plan import HELD_OUT_KINDS, VALIDATION_SEED
from engine.synthetic.damage.inflict import inflict
from engine.synthetic.textures.draws import Draws
from engine.types import FitStep, Image

KINDS = HELD_OUT_KINDS
"""Kinds of damage that the built-in backbone never learned from: others would flatter it."""

_DRAWN_PX = 320
"""Side at which damage is drawn, as where a size is proposed; the picture is stretched to it."""
_SEVERITY = (0.3, 1.0)
"""What a person would see, too."""
_LEAST_PIXELS = 6
"""Damage that shows in fewer pixels is drawn anew, so often at most:"""
_ATTEMPTS = 8
_FORMAT = 1
"""Raised whenever the same picture would be damaged in another way."""


def draw_defects(
    good: Sequence[Path], folder: Path, sha256s: Mapping[Path, str], *, seed: int
) -> Generator[FitStep, None, tuple[LabelledPicture, ...]]:
    """Damage each picture once, by the kinds in turn, and write it with its mask.

    Once and not more often: pictures that were made from one another are no further evidence.

    Parameters
    ----------
    folder
        Gets a folder for these pictures and this seed, ``<kind>/<number>.png`` beside
        ``masks/<kind>/<number>.png``, written whole or not at all. One that is there is used.

    Raises
    ------
    RecipeError
        No damage shows in any of the pictures.
    """
    key = repr((_FORMAT, seed, KINDS, [sha256s[path] for path in good]))
    target = folder / f"drawn-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    if not target.is_dir():
        yield from _written(good, target, seed)
    found = tuple(
        LabelledPicture(path, kind, target / "masks" / kind / path.name)
        for kind in sorted(KINDS)
        if (target / kind).is_dir()
        for path in list_pictures(target / kind)
    )
    if not found:
        raise RecipeError(
            "No damage drawn into the held-out good pictures shows in them, so nothing can be "
            "ranked. Check the pictures, or give labelled ones."
        )
    return found


def damaged(image: Image, kind: str, *key: int) -> tuple[Image, NDArray[np.bool_]] | None:
    """Damage a picture by one kind; None where it does not show.

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB; not changed.
    key
        Whole numbers: another key, other damage.

    Returns
    -------
    The damaged copy (H, W, 3) uint8, and where it is damaged (H, W) bool.
    """
    height, width = image.shape[:2]
    picture = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255
    ground = _resized(picture, _DRAWN_PX, _DRAWN_PX)
    for attempt in range(_ATTEMPTS):
        draws = Draws(torch.device("cpu"), VALIDATION_SEED, *key, attempt)
        # None of these kinds takes matter from another part.
        changed, mask = inflict(draws, ground, ground, kinds=[kind], severity=_SEVERITY)
        where = _resized(mask[:, None].float(), height, width)[0, 0].numpy() > 0.5
        if np.count_nonzero(where) >= _LEAST_PIXELS:
            picture = (picture + _resized(changed - ground, height, width)).clamp(0, 1)
            grey_levels = (picture[0].permute(1, 2, 0) * 255).round()
            return grey_levels.to(torch.uint8).numpy(), where
    return None


def _written(good: Sequence[Path], target: Path, seed: int) -> Generator[FitStep, None, None]:
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    began = time.monotonic()
    try:
        partial.mkdir(parents=True)
        for number, path in enumerate(good):
            kind = KINDS[number % len(KINDS)]
            try:
                image, _ = FilePicture(path, group=path.name).load()
            except PictureError:
                image = None  # the candidates count it among those that could not be inspected
            found = None if image is None else damaged(image, kind, seed, number)
            if found is not None:
                name = f"{number:05}.png"
                _write_png(partial / kind / name, cv2.cvtColor(found[0], cv2.COLOR_RGB2BGR))
                _write_png(partial / "masks" / kind / name, found[1].astype(np.uint8) * 255)
            left = (time.monotonic() - began) / (number + 1) * (len(good) - number - 1)
            yield FitStep("Drawing damage into good pictures", number + 1, len(good), left)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _resized(planes: Tensor, height: int, width: int) -> Tensor:
    return functional.interpolate(
        planes, (height, width), mode="bilinear", align_corners=False, antialias=True
    )


def _write_png(path: Path, image: cv2.typing.MatLike) -> None:
    # Encoded in memory: cv2.imwrite knows no path with letters outside the code page on Windows.
    _, data = cv2.imencode(".png", image)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
