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
    above = shown_map > limit  # NaN compares as False: never part of a region
    hit_rows, hit_columns = np.flatnonzero(above.any(1)), np.flatnonzero(above.any(0))
    if not len(hit_rows):
        return ()
    # Labelled where something stands out only: a fifth of the time on a part with one defect.
    first_row, first_column = int(hit_rows[0]), int(hit_columns[0])
    cut = slice(first_row, hit_rows[-1] + 1), slice(first_column, hit_columns[-1] + 1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        above[cut].astype(np.uint8), connectivity=8
    )
    values = shown_map[cut]
    rows, columns = shown_map.shape
    across, down = rectangle.width, rectangle.height
    pixel_area = across * down / (rows * columns)
    regions = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        window = np.where(
            labels[top : top + height, left : left + width] == label,
            values[top : top + height, left : left + width],
            -np.inf,
        )
        peak_row, peak_column = np.unravel_index(int(window.argmax()), window.shape)
        left, top = left + first_column, top + first_row
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
