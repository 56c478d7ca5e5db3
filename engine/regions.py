"""Shown map and pixel limit to regions: what stands out, in source pixels."""

from __future__ import annotations

import cv2
import numpy as np

from engine.recipe import Roi
from engine.types import Region, ShownMap


def find_regions(shown_map: ShownMap, limit: float, rectangle: Roi) -> tuple[Region, ...]:
    """Find the connected parts of the map above `limit`, largest peak first.

    Parameters
    ----------
    shown_map
        (S, S) float32 over the inspected rectangle; NaN where nothing was inspected.
    limit
        The pixel limit.
    rectangle
        The inspected rectangle in source pixels; boxes and areas are given in its plane.
    """
    above = (shown_map > limit).astype(np.uint8)  # NaN compares as False: never part of a region
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
    rows, columns = shown_map.shape
    across, down = rectangle.width, rectangle.height
    pixel_area = across * down / (rows * columns)
    regions = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        window = np.where(
            labels[top : top + height, left : left + width] == label,
            shown_map[top : top + height, left : left + width],
            -np.inf,
        )
        peak_row, peak_column = np.unravel_index(int(window.argmax()), window.shape)
        # Whole numbers all the way: 224 · (225 / 224) is above 225, and a box would leave the part.
        x, y = left * across // columns, top * down // rows
        right = -(-(left + width) * across // columns)
        bottom = -(-(top + height) * down // rows)
        regions.append(
            Region(
                x=rectangle.x + x,
                y=rectangle.y + y,
                width=right - x,
                height=bottom - y,
                area_px=area * pixel_area,
                peak=float(window[peak_row, peak_column]),
                peak_x=rectangle.x + (2 * (left + int(peak_column)) + 1) * across // (2 * columns),
                peak_y=rectangle.y + (2 * (top + int(peak_row)) + 1) * down // (2 * rows),
            )
        )
    return tuple(sorted(regions, key=lambda region: -region.peak))
