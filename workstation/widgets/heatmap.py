"""Colours of a shown map, anchored at the pixel limit; numpy and cv2 only, no Qt."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import ShownMap

Rgba: TypeAlias = NDArray[np.uint8]
"""(H, W, 4) uint8, colours multiplied by alpha."""

Contour: TypeAlias = NDArray[np.float32]
"""(N, 2) float32 corners (x, y) of a closed line, 0 to 1 over the map's width and height."""

LIMIT_LEVEL = 128
"""Level (0 to 255) at which the pixel limit lies: the middle of the colour scale."""

_OFF_BY_CELLS = 0.8
"""How far an outline may lie from the cells' edges."""


class HeatColours(StrEnum):
    """Colour scales; both rise steadily in lightness, cividis also for colour-blind eyes."""

    INFERNO = "inferno"
    CIVIDIS = "cividis"

    def next(self) -> HeatColours:
        """Give the other one."""
        return HeatColours.CIVIDIS if self is HeatColours.INFERNO else HeatColours.INFERNO


@cache
def colour_table(colours: HeatColours) -> NDArray[np.uint8]:
    """Give the (256, 3) uint8 RGB table of a scale."""
    scale = cv2.COLORMAP_INFERNO if colours is HeatColours.INFERNO else cv2.COLORMAP_CIVIDIS
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    table = np.array(cv2.applyColorMap(ramp, scale)[:, 0, ::-1], np.uint8, order="C")
    table.flags.writeable = False
    return table


def levels(shown_map: ShownMap, *, pixel_limit: float) -> NDArray[np.uint8]:
    """Give the level of each cell: 0 at the value 0, 128 at the pixel limit, 255 from twice it.

    The scale knows nothing of the picture's own minimum and maximum, so that equal colours mean
    equal anomaly on every part.
    """
    if not pixel_limit > 0:
        # A limit of 0 (a bank that reproduces every good picture) puts every anomaly above it.
        return np.where(shown_map > 0, 255, 0).astype(np.uint8)
    scaled = shown_map * np.float32(LIMIT_LEVEL / pixel_limit)
    np.fmax(scaled, 0, out=scaled)  # of NaN and 0 it takes the 0
    np.fmin(scaled, 255, out=scaled)
    return scaled.astype(np.uint8)


def coloured(
    shown_map: ShownMap,
    *,
    pixel_limit: float,
    colours: HeatColours = HeatColours.INFERNO,
    opacity: float = 0.6,
) -> Rgba:
    """Colour a shown map for laying over the picture.

    Cells up to half the limit are clear, so that a good part looks like itself; from there on
    the colour comes in, and from the limit on it has the whole `opacity`. NaN is clear.

    Returns
    -------
    Rgba
        (S, S, 4) uint8, colours multiplied by alpha.
    """
    table = _overlay_table(colours, round(opacity, 3))
    # One number per cell in place of its four bytes: a third of the time.
    whole = table.view(np.uint32)[:, 0].take(levels(shown_map, pixel_limit=pixel_limit))
    rgba: Rgba = whole[..., None].view(np.uint8)
    return rgba


@cache
def _overlay_table(colours: HeatColours, opacity: float) -> NDArray[np.uint8]:
    level = np.arange(256, dtype=np.float32)
    alpha = opacity * np.clip((level - LIMIT_LEVEL / 2) / (LIMIT_LEVEL / 2), 0, 1)
    rgb = colour_table(colours).astype(np.float32) * alpha[:, None]
    table = np.concatenate([rgb, 255 * alpha[:, None]], axis=1).round()
    return np.asarray(table, np.uint8)


def contours(shown_map: ShownMap, *, pixel_limit: float) -> list[Contour]:
    """Give the outlines of all that lies above the pixel limit, to within a cell; NaN never does.

    Painting takes as long as there are corners, and a slanted edge has one at every cell.
    """
    height, width = shown_map.shape
    # Padding lets an outline that touches the edge close along it.
    above = np.pad((shown_map > pixel_limit).astype(np.uint8), 1)
    lines, _ = cv2.findContours(above, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    # Pixel centres lie half a cell in, less the one cell of padding.
    scale = np.array([width, height], np.float32)
    plain = (cv2.approxPolyDP(line, _OFF_BY_CELLS, closed=True) for line in lines)
    return [(line[:, 0].astype(np.float32) - 0.5) / scale for line in plain]
