"""Outlines and letters as masks of (H, W) uint8, 0 to 255; lengths in camera pixels."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.board.relief import SCALE
from engine.synthetic.parts.drawn import Field

Outline = NDArray[np.uint8]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT_PX = 21.0
"""Of a capital letter at scale 1."""
PITCH = 0.92
"""From one letter to the next, in heights."""


def box(
    shape: tuple[int, ...], x: float, y: float, width: float, height: float, *, corner: float = 0
) -> Outline:
    """Draw a filled box around (x, y), its corners rounded."""
    canvas = np.zeros(shape[:2], np.uint8)
    half = np.array((width / 2 - corner, height / 2 - corner))
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * half + (x, y)
    _fill(canvas, corners)
    if corner:
        thick = max(round(2 * corner * SCALE), 1)
        points = np.rint(corners * SCALE * 16 - 8).astype(np.int32)
        cv2.polylines(canvas, [points], True, (255,), thick, cv2.LINE_AA, shift=4)
    return canvas


def turned_box(
    shape: tuple[int, ...], x: float, y: float, width: float, height: float, turn: float
) -> Outline:
    """Draw a filled box around (x, y), turned by `turn` radians."""
    canvas = np.zeros(shape[:2], np.uint8)
    c, s = np.cos(turn), np.sin(turn)
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * (width / 2, height / 2)
    _fill(canvas, corners @ np.array(((c, s), (-s, c))) + (x, y))
    return canvas


def disc(shape: tuple[int, ...], x: float, y: float, radius: float) -> Outline:
    """Draw a filled disc around (x, y)."""
    canvas = np.zeros(shape[:2], np.uint8)
    centre = (round((x * SCALE - 0.5) * 16), round((y * SCALE - 0.5) * 16))
    cv2.circle(canvas, centre, round(radius * SCALE * 16), (255,), -1, cv2.LINE_AA, shift=4)
    return canvas


def line(shape: tuple[int, ...], points: Iterable[tuple[float, float]], width: float) -> Outline:
    """Draw an open line through `points` (x, y)."""
    canvas = np.zeros(shape[:2], np.uint8)
    path = np.rint((np.array(list(points)) * SCALE - 0.5) * 16).astype(np.int32)
    thick = max(round(width * SCALE), 1)
    cv2.polylines(canvas, [path], False, (255,), thick, cv2.LINE_AA, shift=4)
    return canvas


def letters(
    shape: tuple[int, ...], text: str, x: float, y: float, height: float, *, stroke: float = 0.16
) -> Outline:
    """Write `text` in letters of one pitch, its middle at (x, y); `stroke` is in heights."""
    canvas = np.zeros(shape[:2], np.uint8)
    scale = height * SCALE / _FONT_HEIGHT_PX
    thick = max(round(stroke * height * SCALE), 1)
    first = x - PITCH * height * (len(text) - 1) / 2
    for place, letter in enumerate(text):
        (wide, _), _ = cv2.getTextSize(letter, _FONT, scale, thick)
        left = round((first + place * PITCH * height) * SCALE - wide / 2)
        base = round((y + height / 2) * SCALE)
        cv2.putText(canvas, letter, (left, base), _FONT, scale, (255,), thick, cv2.LINE_AA)
    return canvas


def domed(outline: Outline, height: float, edge: float) -> Field:
    """Give heights that rise from the outline's edge over `edge` pixels, rounded, to `height`."""
    inside = cv2.distanceTransform((outline > 127).astype(np.uint8), cv2.DIST_L2, 3)
    rise = np.clip(inside / (edge * SCALE), 0, 1)
    return np.asarray(height * np.sqrt(1 - (1 - rise) ** 2), np.float32)


def _fill(canvas: Outline, corners: NDArray[np.float64]) -> None:
    points = np.rint((corners * SCALE - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [points], (255,), cv2.LINE_AA, shift=4)
