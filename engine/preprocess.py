"""Frame to tensor and map back to frame: the one path for fit, calibration and live.

Three coordinate planes, all continuous, pixel (0, 0) covering the square from (0, 0) to (1, 1):
*source* (the picture as it came), *square* (the picture the backbone sees: the inspected
rectangle stretched to S × S, or to h × w where the recipe says so), and *grid* (the cells of a map
at feature resolution).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Self, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator
from torch import Tensor
from torch.nn import functional

from engine.errors import RecipeError
from engine.recipe import Masks, Polygon, Recipe, Roi
from engine.types import Image

Mask: TypeAlias = NDArray[np.bool_]
Coordinates: TypeAlias = NDArray[np.floating[Any]]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
FILL_RGB = (124, 116, 104)
"""ImageNet's mean colour: near zero after normalising, so the filled part excites nothing."""


class Preprocessing(BaseModel):
    """All that leads from a source picture to the backbone's input; frozen into a release."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: PositiveInt | tuple[PositiveInt, PositiveInt]
    """Side of the square plane, or its (height, width), in pixels."""
    roi: Roi | None = None
    masks: Masks = Masks()
    source_size: tuple[int, int] | None = None
    """(height, width) of the pictures the masks were drawn on; None where there are no masks."""
    resize: str = Field(default="bilinear-antialias-u8", pattern="^bilinear-antialias-u8$")
    """torch's antialiased bilinear resize on uint8: of the candidates measured on a 5-megapixel
    picture the fastest, and equal to Pillow's to one grey level (where a small ROI is enlarged,
    two for one pixel in 50 000). Both round after each axis."""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    fill_rgb: tuple[int, int, int] = FILL_RGB

    @model_validator(mode="after")
    def _masks_have_a_size(self) -> Self:
        if self.has_masks and self.source_size is None:
            raise ValueError("Masks are in source pixels: source_size must say of which picture.")
        return self

    @classmethod
    def of(cls, recipe: Recipe, image: Image) -> Preprocessing:
        """Freeze what `recipe` says, for pictures such as `image`.

        Raises
        ------
        RecipeError
            The ROI does not lie inside the picture, or the masks leave nothing of it.
        """
        height, width = image.shape[:2]
        has_masks = bool(recipe.masks.include or recipe.masks.exclude)
        assert recipe.size != "auto", "the fit settles the size first"
        frozen = cls(
            size=recipe.size,
            roi=recipe.roi,
            masks=recipe.masks,
            source_size=(height, width) if has_masks else None,
        )
        inspected = frozen.rectangle(height, width)
        if has_masks and not frozen.counted(inspected.height, inspected.width).any():
            raise RecipeError(
                f"The masks leave nothing to inspect of the {inspected.width} × {inspected.height} "
                f"pixels from x {inspected.x}, y {inspected.y}: every include polygon lies outside "
                "them, or exclude polygons cover all. Draw the masks in pixels of this picture."
            )
        return frozen

    def rectangle(self, height: int, width: int) -> Roi:
        """Give the inspected rectangle of a picture of this size, in source pixels.

        Raises
        ------
        RecipeError
            The ROI does not lie inside the picture, or masks were drawn on another size.
        """
        if self.source_size not in (None, (height, width)):
            raise RecipeError(
                f"The masks were drawn on pictures of {self.source_size[1]} × "
                f"{self.source_size[0]} pixels; this one has {width} × {height}. "
                "Give pictures of one size, or draw the masks again."
            )
        if self.roi is None:
            return Roi(x=0, y=0, width=width, height=height)
        if self.roi.x + self.roi.width > width or self.roi.y + self.roi.height > height:
            raise RecipeError(
                f"The ROI {self.roi.x},{self.roi.y},{self.roi.width},{self.roi.height} reaches "
                f"beyond the picture of {width} × {height} pixels. "
                "Draw the ROI again on a picture of this size."
            )
        return self.roi

    def square(self, image: Image) -> Image:
        """Cut, mask and stretch a source picture.

        Parameters
        ----------
        image
            (H, W, 3) uint8 RGB.

        Returns
        -------
        Image
            (h, w, 3) uint8 RGB of `shape`; what lies outside the masks is filled *before*
            resizing, so that nothing of it leaks across the border.

        Raises
        ------
        RecipeError
            The ROI does not lie inside the picture.
        """
        height, width = image.shape[:2]
        roi = self.rectangle(height, width)
        cut = image[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width]
        if self.has_masks:
            cut = np.asarray(cv2.copyTo(*_outside(self, height, width), cut.copy()), np.uint8)
        if cut.shape[:2] == self.shape:
            return np.ascontiguousarray(cut)
        planes = torch.from_numpy(_writable(cut)).permute(2, 0, 1)[None]
        resized = functional.interpolate(planes, self.shape, mode="bilinear", antialias=True)
        return np.ascontiguousarray(resized[0].permute(1, 2, 0).numpy())

    def tensor(self, squares: NDArray[np.uint8], device: torch.device) -> Tensor:
        """Normalise (B, h, w, 3) uint8 to (B, 3, h, w) float32 in channels-last memory."""
        # Looked up, not computed: three numbers side by side are the slowest shape to calculate on.
        table = _normalised_levels(self.mean, self.std)
        planes = np.stack([np.asarray(cv2.LUT(square, table), np.float32) for square in squares])
        lying = torch.from_numpy(planes)
        if device.type == "cuda":
            # A GPU fetches pinned memory by itself, while this thread goes on.
            lying = lying.pin_memory().to(device, non_blocking=True)
        # (B, h, w, 3) in memory is channels-last already.
        return lying.permute(0, 3, 1, 2)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the square plane in pixels."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def has_masks(self) -> bool:
        """Whether polygons narrow the rectangle down."""
        return bool(self.masks.include or self.masks.exclude)

    def counted(self, rows: int, columns: int) -> Mask:
        """Tell which cells of a (rows, columns) grid over the square have their centre inside.

        Returns
        -------
        Mask
            (rows, columns) bool.
        """
        if self.source_size is None:
            return np.ones((rows, columns), dtype=bool)
        roi = self.rectangle(*self.source_size)
        xs = roi.x + (np.arange(columns) + 0.5) * (roi.width / columns)
        ys = roi.y + (np.arange(rows) + 0.5) * (roi.height / rows)
        return inside(self.masks, xs, ys)

    def to_source(
        self, x: float, y: float, *, rows: int, columns: int, height: int, width: int
    ) -> tuple[float, float]:
        """Carry a point of a (rows, columns) grid over the square to source pixels."""
        roi = self.rectangle(height, width)
        return roi.x + x * roi.width / columns, roi.y + y * roi.height / rows

    def to_grid(
        self, x: float, y: float, *, rows: int, columns: int, height: int, width: int
    ) -> tuple[float, float]:
        """Carry a point in source pixels to a (rows, columns) grid over the square."""
        roi = self.rectangle(height, width)
        return (x - roi.x) * columns / roi.width, (y - roi.y) * rows / roi.height

    def map_to_source(
        self, shown_map: NDArray[np.float32], shape: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Lay a shown map over the source picture; for evaluation, never on the inspection path.

        Parameters
        ----------
        shown_map
            (h, w) float32, NaN where nothing was inspected.
        shape
            (H, W) of the source picture.

        Returns
        -------
        NDArray[np.float32]
            (H, W) float32, NaN outside the inspected region.
        """
        roi = self.rectangle(*shape)
        stretched = (roi.width, roi.height)
        known = np.isfinite(shown_map)
        laid = cv2.resize(np.where(known, shown_map, np.float32(0)), stretched)
        if not known.all():
            share = cv2.resize(known.astype(np.float32), stretched)
            inside = self.counted(roi.height, roi.width) & (share > 0)
            laid = np.divide(laid, share, out=np.full_like(laid, np.nan), where=inside)
        source = np.full(shape, np.nan, dtype=np.float32)
        source[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width] = laid
        return source


def inside(masks: Masks, xs: Coordinates, ys: Coordinates) -> Mask:
    """Tell which points of a grid lie inside any `include` (if any) and outside all `exclude`.

    Parameters
    ----------
    masks
        Polygons in the plane of `xs` and `ys`.
    xs, ys
        (W,) and (H,) ascending coordinates of the columns and rows.

    Returns
    -------
    Mask
        (H, W) bool.
    """
    counted = np.full((len(ys), len(xs)), not masks.include)
    for polygon in masks.include:
        counted |= _inside_polygon(polygon, xs, ys)
    for polygon in masks.exclude:
        counted &= ~_inside_polygon(polygon, xs, ys)
    return counted


def _inside_polygon(polygon: Polygon, xs: Coordinates, ys: Coordinates) -> Mask:
    """Even-odd rule, exact for every point of the grid: cv2.fillPoly would add the border."""
    flips = np.zeros((len(ys), len(xs) + 1), dtype=np.uint8)
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if y1 == y2:
            continue
        rows = np.flatnonzero((ys >= min(y1, y2)) & (ys < max(y1, y2)))
        crossings = x1 + (ys[rows] - y1) * (x2 - x1) / (y2 - y1)
        flips[rows, np.searchsorted(xs, crossings)] ^= 1
    parity: Mask = np.bitwise_xor.accumulate(flips, axis=1)[:, :-1].astype(bool)
    return parity


@lru_cache(maxsize=4)
def _normalised_levels(
    mean: tuple[float, float, float], std: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Give what becomes of each grey level in each channel, (1, 256, 3) float32."""
    levels = np.arange(256)[:, None] / 255
    return ((levels - mean) / std).astype(np.float32)[None]


@lru_cache(maxsize=4)
def _outside(
    preprocessing: Preprocessing, height: int, width: int
) -> tuple[Image, NDArray[np.uint8]]:
    """Give the fill picture and where to copy it, at the inspected rectangle's resolution."""
    roi = preprocessing.rectangle(height, width)
    fill = np.empty((roi.height, roi.width, 3), dtype=np.uint8)
    fill[:] = preprocessing.fill_rgb
    return fill, (~preprocessing.counted(roi.height, roi.width)).astype(np.uint8)


def _writable(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give an alias that torch reads without its warning about read-only arrays."""
    if array.flags.writeable:
        return array
    interface = dict(array.__array_interface__)
    interface["data"] = (interface["data"][0], False)
    holder = type("SharedMemory", (), {"__array_interface__": interface, "array": array})()
    return np.asarray(holder)
