"""Pictures on which the candidates' maps differ most, side by side."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.comparison.disagreement import CandidateMaps, disagreements, most_different
from engine.comparison.measured import KeptResults
from engine.comparison.ranking import Row
from engine.comparison.result import Comparison
from engine.errors import PictureError, RecipeError
from engine.evaluation.labelled import LabelledPicture
from engine.evaluation.masks import read_mask
from engine.pictures import FilePicture
from engine.recipe import Roi
from engine.types import Image
from workstation.cli.comparison.elements import Markup, element
from workstation.cli.overlaid import laid_over

_SIDE_PX = 220
"""Longer side of a picture on the page."""
_MASK_RGB = (0, 200, 255)
_SHOWN = 8
"""Pictures on the page."""


@dataclass(frozen=True, eq=False)
class _Mapped:
    """A candidate that has maps."""

    row: Row
    maps: CandidateMaps


def differing_maps(found: Comparison, kept: KeptResults) -> Markup:
    """Give the section of the page: a row per picture, a column per candidate with a map."""
    mapped = list(_with_maps(found.rows, kept))
    if len(mapped) < 2:
        return element(
            "p", "Fewer than two of the candidates have a map, so there are none to compare."
        )
    figures = disagreements([it.maps for it in mapped])
    heads = ["picture", *(it.row.name for it in mapped)]
    rows = [
        element("tr", _cells(found.split.dataset.test[index], index, float(figures[index]), mapped))
        for index in most_different(figures, count=_SHOWN)
    ]
    without = [it.name for it in found.rows if it.name not in heads]
    note = f" No map: {', '.join(without)}." if without else ""
    return element(
        "div",
        element(
            "p",
            "All maps are on the scale of their own release: the pixel limit lies in the middle of "
            "the colours, and a white outline goes round what lies above it. A blue outline on the "
            f"picture is the marked defect.{note}",
        ),
        element(
            "table",
            element("tr", [element("th", head) for head in heads]),
            rows,
            class_="maps",
        ),
        class_="wide",
    )


def _with_maps(rows: Sequence[Row], kept: KeptResults) -> Iterator[_Mapped]:
    for row in rows:
        compact = kept.maps(row.key)
        if compact is not None:
            measured = row.measured
            yield _Mapped(row, CandidateMaps(compact, measured.preprocessing, measured.pixel_limit))


def _cells(
    picture: LabelledPicture, index: int, figure: float, mapped: Sequence[_Mapped]
) -> list[Markup]:
    """Give the cells of one picture: itself, then each candidate's heatmap with score, verdict."""
    truth = "good" if picture.defect_class is None else picture.defect_class
    caption = element(
        "div", element("b", truth), " ", picture.path.name, f", maps {figure:.3f} apart"
    )
    try:
        image, _ = FilePicture(picture.path, group=picture.path.name).load()
    except PictureError as error:  # taken away since it was inspected
        return [element("td", caption, str(error))]
    scale = _SIDE_PX / max(image.shape[:2])
    small = _resized(image, scale)
    cells = [element("td", _embedded(_outlined(small, picture.mask, image.shape[:2])), caption)]
    for it in mapped:
        tested = it.row.measured.tested[index]
        if tested is None:
            cells.append(element("td", "not inspected"))
            continue
        shown = it.maps.enlarger()(it.maps.compact[index])
        whole = it.maps.preprocessing.rectangle(*image.shape[:2])
        over = laid_over(small, shown, it.maps.pixel_limit, _scaled(whole, scale, small))
        said = element("div", element("b", tested.verdict), f" score {tested.score:.4g}")
        cells.append(element("td", _embedded(over), said))
    return cells


def _outlined(small: Image, mask: Path | None, shape: tuple[int, ...]) -> Image:
    if mask is None:
        return small
    try:
        marked = read_mask(mask, height=shape[0], width=shape[1])
    except RecipeError:  # taken away since it was inspected
        return small
    size = (small.shape[1], small.shape[0])
    fitted = cv2.resize(marked.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    lines, _ = cv2.findContours(
        (fitted > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return np.asarray(cv2.drawContours(small.copy(), lines, -1, _MASK_RGB, 1), np.uint8)


def _resized(image: Image, scale: float) -> Image:
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=way), np.uint8)


def _scaled(roi: Roi, scale: float, small: Image) -> Roi:
    """Carry a rectangle to the small picture, inside which it stays whatever is rounded."""
    height, width = small.shape[:2]
    x, y = min(round(roi.x * scale), width - 1), min(round(roi.y * scale), height - 1)
    return Roi(
        x=x,
        y=y,
        width=max(1, min(round(roi.width * scale), width - x)),
        height=max(1, min(round(roi.height * scale), height - y)),
    )


def _embedded(image: Image) -> Markup:
    """Give the picture as part of the page itself."""
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88]
    )
    height, width = image.shape[:2]
    return element(
        "img",
        src=f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}",
        width=width,
        height=height,
        alt="",
    )
