"""Object-like parts: outlines with holes, slots and steps, at almost the same pose each time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import coordinates, soft_step, turned

_FEATURES = 5
"""Holes, bosses and grooves tried on each object; a quarter of them come to nothing."""


@dataclass(frozen=True, eq=False)
class Outline:
    """Where the object is in each picture, all (P, N, S, S) float32.

    Attributes
    ----------
    cover
        1 on the object, 0 on the ground.
    relief
        Height of rims, steps and bosses on it, about -1 to 1.
    depth
        Pixels to the outline, positive inside, for edges that catch light.
    """

    cover: Tensor
    relief: Tensor
    depth: Tensor


def outlines(draws: Draws, pose: Tensor, side: int) -> Outline:
    """Draw one object per part.

    Parameters
    ----------
    pose
        (P, N, 4): turn in radians, shift in x and y in pixels, scale.
    """
    parts = len(pose)
    x, y = coordinates(side, draws.device)
    turn, shift_x, shift_y, scale = (pose[..., n, None, None] for n in range(4))
    u, v = turned((x - shift_x) / scale, (y - shift_y) / scale, turn)
    radius = side * draws.uniform(parts, 1, 1, 1, low=0.22, high=0.48)
    body = _body(draws, u, v, radius)
    relief = torch.zeros_like(body)
    for _ in range(_FEATURES):
        place = draws.uniform(parts, 1, 1, 1, high=2 * torch.pi)
        out = radius * draws.uniform(parts, 1, 1, 1, high=0.8)
        size = radius * draws.log_uniform(parts, 1, 1, 1, low=0.06, high=0.35)
        a, b = turned(u - out * place.cos(), v - out * place.sin(), place)
        long = draws.uniform(parts, 1, 1, 1, low=0.2, high=2.0)
        feature = _rounded(a, b, size, size * long, size * 0.5)
        kind = draws.integers(parts, 1, 1, 1, below=4)
        body = torch.where(kind == 0, torch.minimum(body, -feature), body)
        raised = soft_step(feature) * draws.uniform(parts, 1, 1, 1, low=-1, high=1)
        relief = relief + torch.where(kind == 1, raised, 0.0)
        groove = soft_step(1.2 - feature.abs()) * -0.7
        relief = relief + torch.where(kind == 2, groove, 0.0)
    return Outline(soft_step(body), relief, body)


def _body(draws: Draws, u: Tensor, v: Tensor, radius: Tensor) -> Tensor:
    """Give signed pixels to a rounded box, a lobed disc or a ring, positive inside."""
    parts = len(u)
    aspect = draws.uniform(parts, 1, 1, 1, low=0.3, high=1.0)
    box = _rounded(u, v, radius, radius * aspect, radius * draws.uniform(parts, 1, 1, 1, high=0.3))
    lobes = draws.integers(parts, 1, 1, 1, below=12).float()
    depth = draws.uniform(parts, 1, 1, 1, high=0.15) * draws.chance(parts, 1, 1, 1, of=0.6)
    from_middle = torch.hypot(u, v)
    disc = radius * (1 + depth * torch.sin(lobes * torch.atan2(v, u))) - from_middle
    ring = torch.minimum(
        disc, from_middle - radius * draws.uniform(parts, 1, 1, 1, low=0.2, high=0.7)
    )
    kind = draws.integers(parts, 1, 1, 1, below=3)
    return torch.where(kind == 0, box, torch.where(kind == 1, disc, ring))


def _rounded(u: Tensor, v: Tensor, half_u: Tensor, half_v: Tensor, corner: Tensor) -> Tensor:
    """Give signed pixels to a box with rounded corners, positive inside."""
    corner = torch.minimum(corner, torch.minimum(half_u, half_v))
    beyond_u, beyond_v = u.abs() - half_u + corner, v.abs() - half_v + corner
    outside = torch.hypot(beyond_u.clamp_min(0), beyond_v.clamp_min(0))
    return corner - outside - torch.maximum(beyond_u, beyond_v).clamp_max(0)
