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
        (S, T) float32 over the inspected rectangle; NaN where nothing was inspected.
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


def region_level(shown_map: ShownMap, min_area_px: float, rectangle: Roi) -> float:
    """Give the pixel limit from which on no region is large enough to count.

    At every limit below the level `find_regions` finds a region of at least `min_area_px`, at the
    level itself and above it finds none.

    Parameters
    ----------
    shown_map, rectangle
        As for `find_regions`.
    min_area_px
        Area in source pixels squared.

    Returns
    -------
    A value of the map; -inf where no limit leaves a region so large.
    """
    rows, columns = shown_map.shape
    pixel_area = rectangle.width * rectangle.height / (rows * columns)
    descending = np.sort(shown_map[np.isfinite(shown_map)])[::-1]
    fewest = max(1, int(min_area_px / pixel_area))
    if fewest > len(descending):
        return -np.inf
    # Fewer pixels than that lie above any larger value, however they are connected.
    values = np.unique(descending[fewest - 1 :])
    low, high = 0, len(values)  # at least, at most so many of the values leave a large region
    while low < high:
        middle = (low + high) // 2
        _, _, stats, _ = cv2.connectedComponentsWithStats(
            (shown_map >= values[middle]).astype(np.uint8), connectivity=8
        )
        largest = int(stats[1:, cv2.CC_STAT_AREA].max())
        if largest * pixel_area >= min_area_px:
            low = middle + 1
        else:
            high = middle
    return float(values[low - 1]) if low else -np.inf
