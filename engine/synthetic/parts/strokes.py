"""Places, lines and spots on a part, from which its defects are drawn. Lengths in pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.drawn import Field, Mask
from engine.synthetic.parts.lens import LAMP


def line_on_part(
    part: Mask, length: float, half_width: float, rng: np.random.Generator, *, bend: float = 0.12
) -> tuple[Mask, Field]:
    """Lay a bent line on the part: its mask, and each pixel's distance from it."""
    best, best_distance = np.zeros_like(part), np.zeros(part.shape, np.float32)
    along = np.linspace(-0.5, 0.5, 24)[:, None] * length
    for _ in range(6):
        x, y = place_on(part, 6.0, rng)
        angle, bent = rng.uniform(0, 2 * np.pi), rng.uniform(-bend, bend)
        forward = np.array((np.cos(angle), np.sin(angle)))
        side = np.array((-forward[1], forward[0]))
        points = (x, y) + along * forward + bent * (along**2 / length) * 4 * side
        distance = distance_from(points, part.shape)
        mask = (distance <= half_width) & part
        if np.count_nonzero(mask) > np.count_nonzero(best):
            best, best_distance = mask, distance
        if np.count_nonzero(best) > 1.6 * half_width * length:
            break
    return best, best_distance


def place_on(part: Mask, clearance_px: float, rng: np.random.Generator) -> tuple[int, int]:
    """Choose (x, y) on the part, `clearance_px` away from its edges where there is such a place."""
    distance = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 3)
    free = np.flatnonzero(distance >= min(clearance_px, 0.9 * float(distance.max())))
    row, column = divmod(int(free[rng.integers(free.size)]), part.shape[1])
    return column, row


def edge_of(part: Mask, rng: np.random.Generator) -> NDArray[np.int32]:
    """Choose one closed edge of the part, longer ones more often: (n, 2) points x, y in order."""
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    lengths = np.array([len(outline) for outline in outlines], float)
    chosen = int(rng.choice(len(outlines), p=lengths / lengths.sum()))
    return np.asarray(outlines[chosen][:, 0, :], np.int32)


def wandering(
    part: Mask, start: NDArray[np.integer], length: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Walk from an edge of the part into it, never quite straight: (n, 2) points x, y."""
    inwards = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5)
    x, y = (int(value) for value in start)
    here = np.s_[max(y - 6, 0) : y + 7, max(x - 6, 0) : x + 7]
    rows, columns = np.nonzero(inwards[here] == inwards[here].max())
    heading = np.arctan2(rows[0] + here[0].start - y, columns[0] + here[1].start - x)
    heading += rng.uniform(-0.3, 0.3)
    steps = max(int(length / 3), 2)
    turns = heading + 0.25 * np.cumsum(rng.standard_normal(steps)) * np.linspace(0.4, 1, steps)
    turns += 0.45 * rng.standard_normal(steps)
    path = np.cumsum(3 * np.stack((np.cos(turns), np.sin(turns)), axis=1), axis=0)
    return np.asarray(np.vstack(((0, 0), path)) + np.array((x, y)), np.float32)


def polygon(shape: tuple[int, ...], corners: NDArray[np.float64]) -> Field:
    """Give the share of each pixel that a polygon with (n, 2) corners x, y covers."""
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.rint(corners * 16).astype(np.int32)], (255,), cv2.LINE_AA, shift=4)
    return np.asarray(canvas / 255, np.float32)


def around(part: Mask, centre: tuple[float, float]) -> tuple[Field, Field]:
    """Give each pixel's x and y from `centre`."""
    place = np.indices(part.shape).astype(np.float32)
    return place[1] - np.float32(centre[0]), place[0] - np.float32(centre[1])


def smooth_noise(shape: tuple[int, ...], grain_px: float, rng: np.random.Generator) -> Field:
    """Give (H, W) noise of standard deviation near 1 whose spots are about `grain_px` wide."""
    rows, columns = (int(n / max(grain_px, 1.0)) + 3 for n in shape)
    coarse = rng.standard_normal((rows, columns), np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def blurred(field: NDArray[np.floating], sigma_px: float) -> Field:
    """Soften `field` as the lens does."""
    return np.asarray(cv2.GaussianBlur(np.asarray(field, np.float32), (0, 0), sigma_px), np.float32)


def distance_from(points: NDArray[np.floating], shape: tuple[int, ...]) -> Field:
    """Give each pixel's distance from the open line through (n, 2) points x, y."""
    canvas = np.full(shape, 255, np.uint8)
    cv2.polylines(canvas, [np.rint(points * 16).astype(np.int32)], False, (0,), shift=4)
    return np.asarray(cv2.distanceTransform(canvas, cv2.DIST_L2, 5), np.float32)


def shifted(field: Field, away_px: float) -> Field:
    """Move `field` by `away_px` away from the light."""
    x, y = -away_px * np.cos(LAMP), -away_px * np.sin(LAMP)
    move = np.array(((1, 0, x), (0, 1, y)), np.float32)
    return np.asarray(cv2.warpAffine(field, move, field.shape[::-1]), np.float32)
