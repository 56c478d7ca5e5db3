"""A picture with its heatmap and outlines as one image, for files; the screen paints its own."""

from __future__ import annotations

import cv2
import numpy as np

from engine.recipe import Roi
from engine.types import Image, Inspection, ShownMap
from workstation.widgets.heatmap import coloured, contours

OUTLINE_RGB = (255, 255, 255)


def overlaid(inspection: Inspection, rectangle: Roi) -> Image:
    """Give the (H, W, 3) uint8 RGB source picture under its heatmap.

    Parameters
    ----------
    inspection
        With or without a map; without one the picture is given as it is.
    rectangle
        The inspected rectangle in source pixels.
    """
    picture = inspection.frame.image
    if inspection.shown_map is None:
        return picture.copy()
    return laid_over(picture, inspection.shown_map, inspection.limits.pixel, rectangle)


def laid_over(picture: Image, shown_map: ShownMap, pixel_limit: float, rectangle: Roi) -> Image:
    """Give a copy of an (H, W, 3) uint8 RGB picture with the heatmap of a map over `rectangle`."""
    laid = picture.copy()
    size = (rectangle.width, rectangle.height)
    heat = cv2.resize(coloured(shown_map, pixel_limit=pixel_limit), size)
    rows = slice(rectangle.y, rectangle.y + rectangle.height)
    columns = slice(rectangle.x, rectangle.x + rectangle.width)
    under = laid[rows, columns].astype(np.float32)
    mixed = heat[..., :3] + under * (1 - heat[..., 3:].astype(np.float32) / 255)
    laid[rows, columns] = mixed.round().clip(0, 255).astype(np.uint8)
    for outline in contours(shown_map, pixel_limit=pixel_limit):
        corners = (outline * size + (rectangle.x, rectangle.y)).round().astype(np.int32)
        cv2.polylines(laid, [corners], True, OUTLINE_RGB, 1, cv2.LINE_AA)
    return laid
