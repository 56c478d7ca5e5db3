"""Shown map and pixel limit to regions: what stands out, in source pixels."""

from __future__ import annotations

from math import ceil, floor

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
    x_step, y_step = rectangle.width / columns, rectangle.height / rows
    regions = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        window = np.where(
            labels[top : top + height, left : left + width] == label,
            shown_map[top : top + height, left : left + width],
            -np.inf,
        )
        peak_row, peak_column = np.unravel_index(int(window.argmax()), window.shape)
        x, y = floor(left * x_step), floor(top * y_step)
        regions.append(
            Region(
                x=rectangle.x + x,
                y=rectangle.y + y,
                width=max(1, ceil((left + width) * x_step) - x),
                height=max(1, ceil((top + height) * y_step) - y),
                area_px=area * x_step * y_step,
                peak=float(window[peak_row, peak_column]),
                peak_x=rectangle.x + floor((left + int(peak_column) + 0.5) * x_step),
                peak_y=rectangle.y + floor((top + int(peak_row) + 0.5) * y_step),
            )
        )
    return tuple(sorted(regions, key=lambda region: -region.peak))
