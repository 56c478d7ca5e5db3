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
from torch import Tensor
from torch.nn import functional

from engine.errors import PictureError, RecipeError
from engine.evaluation.labelled import LabelledPicture
from engine.pictures import FilePicture, list_pictures
from engine.preprocess import Mask
from engine.pretraining.plan import HELD_OUT_KINDS, VALIDATION_SEED
from engine.synthetic.damage.inflict import inflict
from engine.synthetic.defects import Shape, draw_defect
from engine.synthetic.textures.draws import Draws
from engine.types import FitStep, Image

KINDS = (*HELD_OUT_KINDS, *Shape)
"""Kinds of damage that the built-in backbone never learned from: others would flatter it."""

_DRAWN_PX = 320
"""Side at which damage is drawn and looked at; the picture is stretched to it."""
_SEVERITY = (0.3, 1.0)
"""Of damage drawn as for a pretraining."""
_FAINTNESS = (0.15, 0.5)
"""Shares of a plain shape's contrast, which any release would notice."""
_SHOWS = 15 / 255
"""Mean change of 5 × 5 pixels that is to be reached somewhere: damage that nobody sees ranks
nothing. The mean is what remains of texture that is only shuffled."""
_ATTEMPTS = 8
"""At one kind, before the next one is tried on the picture."""
_FORMAT = 2
"""Raised whenever the same picture would be damaged in another way."""


def draw_defects(
    good: Sequence[Path], folder: Path, sha256s: Mapping[Path, str], *, seed: int
) -> Generator[FitStep, None, tuple[LabelledPicture, ...]]:
    """Damage each picture once, by the kinds in turn, and write it with its mask.

    A kind that does not show on a picture, as a displaced piece of an even ground, makes room for
    the next.

    Once and not more often: pictures made from one another are no further evidence.

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


def damaged(image: Image, kind: str, *key: int) -> tuple[Image, Mask] | None:
    """Damage a picture by one kind; None where it does not show on this picture.

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
    draw = _inflicted if kind in HELD_OUT_KINDS else _plain
    for attempt in range(_ATTEMPTS):
        drawn, mask = draw(image, kind, (*key, KINDS.index(kind), attempt))
        change = _resized(_planes(drawn) - _planes(image), _DRAWN_PX, _DRAWN_PX)
        if mask.any() and functional.avg_pool2d(change, 5, 1).mean(1).abs().max() >= _SHOWS:
            return drawn, mask
    return None


def _inflicted(image: Image, kind: str, key: tuple[int, ...]) -> tuple[Image, Mask]:
    """Damage it as pictures are damaged for a pretraining, and carry the change over."""
    height, width = image.shape[:2]
    picture = _planes(image)
    ground = _resized(picture, _DRAWN_PX, _DRAWN_PX)
    draws = Draws(torch.device("cpu"), VALIDATION_SEED, *key)
    # None of these kinds takes matter from another part.
    changed, mask = inflict(draws, ground, ground, kinds=[kind], severity=_SEVERITY)
    whole = (picture + _resized(changed - ground, height, width)).clamp(0, 1)
    levels = (whole[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    return levels, _resized(mask[:, None].float(), height, width)[0, 0].numpy() > 0.5


def _plain(image: Image, kind: str, key: tuple[int, ...]) -> tuple[Image, Mask]:
    """Draw a plain shape faintly."""
    rng = np.random.default_rng(key)
    drawn, mask = draw_defect(image, rng, shape=Shape(kind))
    share = rng.uniform(*_FAINTNESS)
    faint = image + share * (drawn.astype(np.float32) - image)
    return faint.round().clip(0, 255).astype(np.uint8), mask


def _by_some_kind(image: Image, first: int, *key: int) -> tuple[str, Image, Mask] | None:
    """Damage a picture by the kind of this number, else by the next one that shows."""
    for number in range(len(KINDS)):
        kind = KINDS[(first + number) % len(KINDS)]
        found = damaged(image, kind, *key)
        if found is not None:
            return kind, *found
    return None


def _written(good: Sequence[Path], target: Path, seed: int) -> Generator[FitStep, None, None]:
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    began = time.monotonic()
    try:
        partial.mkdir(parents=True)
        for number, path in enumerate(good):
            try:
                image, _ = FilePicture(path, group=path.name).load()
            except PictureError:
                found = None  # the candidates count it among those that could not be inspected
            else:
                found = _by_some_kind(image, number, seed, number)
            if found is not None:
                kind, drawn, mask = found
                name = f"{number:05}.png"
                _write_png(partial / kind / name, cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
                _write_png(partial / "masks" / kind / name, mask.astype(np.uint8) * 255)
            left = (time.monotonic() - began) / (number + 1) * (len(good) - number - 1)
            yield FitStep("Drawing damage into good pictures", number + 1, len(good), left)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _planes(image: Image) -> Tensor:
    """Give (1, 3, H, W) float32, 0 to 1."""
    return torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255


def _resized(planes: Tensor, height: int, width: int) -> Tensor:
    return functional.interpolate(
        planes, (height, width), mode="bilinear", align_corners=False, antialias=True
    )


def _write_png(path: Path, image: cv2.typing.MatLike) -> None:
    # Encoded in memory: cv2.imwrite knows no path with letters outside the code page on Windows.
    _, data = cv2.imencode(".png", image)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
