"""A picture with its heatmap and outlines as one image, for files; the screen paints its own."""

from __future__ import annotations

import cv2
import numpy as np

from engine.recipe import Roi
from engine.types import Image, Inspection
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
    picture = inspection.frame.image.copy()
    if inspection.shown_map is None:
        return picture
    limit = inspection.limits.pixel
    size = (rectangle.width, rectangle.height)
    heat = cv2.resize(coloured(inspection.shown_map, pixel_limit=limit), size)
    rows = slice(rectangle.y, rectangle.y + rectangle.height)
    columns = slice(rectangle.x, rectangle.x + rectangle.width)
    under = picture[rows, columns].astype(np.float32)
    mixed = heat[..., :3] + under * (1 - heat[..., 3:].astype(np.float32) / 255)
    picture[rows, columns] = mixed.round().clip(0, 255).astype(np.uint8)
    for outline in contours(inspection.shown_map, pixel_limit=limit):
        corners = (outline * size + (rectangle.x, rectangle.y)).round().astype(np.int32)
        cv2.polylines(picture, [corners], True, OUTLINE_RGB, 1, cv2.LINE_AA)
    return picture
