"""Inspect the labelled pictures of a data set and say how well the verdicts and maps fit them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from time import perf_counter
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from engine.device import memory_bytes
from engine.errors import EngineError
from engine.evaluation.labelled import Dataset, LabelledPicture
from engine.evaluation.masks import read_mask
from engine.evaluation.pixel_metrics import BYTES_PER_PIXEL, PooledPixels
from engine.evaluation.region_overlap import RegionOverlap, region_overlap
from engine.evaluation.report import Evaluation, Tested, report
from engine.pictures import FilePicture
from engine.types import FitStep, Frame, Inspection, ShownMap

Inspect: TypeAlias = Callable[[Frame], Inspection]

MapToSource: TypeAlias = Callable[[ShownMap, tuple[int, int]], NDArray[np.float32]]
"""Carries a shown map to a picture of (height, width): (H, W) float32, NaN outside the ROI."""


def evaluate(
    inspect: Inspect,
    dataset: Dataset,
    map_to_source: MapToSource,
    *,
    method: str,
    backbone: str,
    release_mb: float,
    memory: int | None = None,
) -> Generator[FitStep, None, Evaluation]:
    """Inspect every test picture, one per step, and measure at the end.

    Pixel figures are taken at the resolution of the pictures themselves: the map is enlarged,
    never the mask reduced. Where that many scores do not fit into memory they are left out.

    Parameters
    ----------
    inspect
        Judges one frame by the release under test. A picture that it refuses, such as one of
        another size than the masks were drawn on, is counted like an unreadable one.
    map_to_source
        Called only where the data set has masks and the method a map.
    method, backbone, release_mb
        What the manifest says of the release; passed on into the report.
    memory
        Bytes there are; None: all the PC has.

    Raises
    ------
    RecipeError
        A mask cannot be read or does not have the size of its picture, or no picture
        can be inspected.
    """
    have = memory_bytes(torch.device("cpu")) if memory is None else memory
    pixels = PooledPixels()
    too_large: str | None = None
    overlaps: list[RegionOverlap] = []
    tested: list[Tested] = []
    unreadable: list[str] = []
    started = perf_counter()
    for number, picture in enumerate(dataset.test, start=1):
        try:
            frame = FilePicture(picture.path, picture.path.name).frame(number, source="evaluation")
            inspection = inspect(frame)
        except (EngineError, ValueError) as error:  # ValueError: the score is no number
            unreadable.append(f"{picture.path}: {error}")
        else:
            mask = _mask(picture, frame) if dataset.has_masks else None
            if mask is not None and too_large is None:
                too_large = _more_than(have, mask.size * len(dataset.test))
            if mask is not None and inspection.shown_map is not None and not too_large:
                laid = map_to_source(inspection.shown_map, mask.shape)
                pixels.add(laid, mask)
                overlaps.append(region_overlap(laid, mask, limit=inspection.limits.pixel))
            tested.append(
                Tested(
                    defect_class=picture.defect_class,
                    score=inspection.score,
                    verdict=inspection.verdict,
                    latency_ms=inspection.latency_ms,
                    has_map=inspection.shown_map is not None,
                    marked=mask is not None,
                )
            )
        per_picture_s = (perf_counter() - started) / number
        left = len(dataset.test) - number
        yield FitStep("Inspecting test pictures", number, len(dataset.test), left * per_picture_s)
    yield FitStep("Measuring", 0, 1, None)
    return report(
        tested,
        unreadable,
        pixels,
        overlaps,
        dataset,
        too_large=too_large or "",
        method=method,
        backbone=backbone,
        release_mb=release_mb,
    )


def _more_than(have: int, n_pixels: int) -> str:
    """Say that so many pixels cannot be measured; nothing where they can."""
    need = BYTES_PER_PIXEL * n_pixels
    if need <= have:
        return ""
    return (
        f"The pixel figures of so many pictures of this size need {need / 1e9:.1f} GB of memory; "
        f"there are {have / 1e9:.1f} GB, so they are left out. Give fewer pictures for them."
    )


def _mask(picture: LabelledPicture, frame: Frame) -> NDArray[np.bool_] | None:
    """Give where the picture is defective; None where that is not known."""
    height, width = frame.image.shape[:2]
    if picture.defect_class is None:
        return np.zeros((height, width), dtype=bool)
    if picture.mask is None:
        return None
    mask = read_mask(picture.mask, height=height, width=width)
    return mask if mask.any() else None  # a defect somewhere, so all-good would be untrue
