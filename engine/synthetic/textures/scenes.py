"""Procedural parts: several pictures each of the same invented thing, no two things alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from engine.synthetic.textures.cells import cells
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import one_of, smooth_noise, soft_step, stretched
from engine.synthetic.textures.fractals import fractals
from engine.synthetic.textures.lattices import lattices
from engine.synthetic.textures.lighting import shading, uneven_light
from engine.synthetic.textures.outlines import outlines
from engine.synthetic.textures.palettes import coloured, palettes
from engine.synthetic.textures.spectra import spectra
from engine.synthetic.textures.stamps import glyphs, strokes

Family: TypeAlias = Callable[[Draws, int, int, int], Tensor]
"""Draws (P, N, S, S) float32 of any range: parts, pictures of each, pixels a side."""

FAMILIES: dict[str, Family] = {
    "spectra": spectra,
    "lattices": lattices,
    "cells": cells,
    "strokes": strokes,
    "glyphs": glyphs,
    "fractals": fractals,
}
_SHARED = 0.35
"""Of the parts bear the same pattern in every picture, as a print does."""
_OBJECTS = 0.4
"""Of the parts are objects on a ground; the others fill the picture."""


def draw_scenes(
    draws: Draws, *, parts: int, pictures: int, side: int, families: Sequence[str]
) -> Tensor:
    """Draw `pictures` views of each of `parts` invented parts, before the camera.

    Parameters
    ----------
    draws
        Decides everything; the pictures are made on its device.
    side
        S, pixels.
    families
        Keys of `FAMILIES` that may occur.

    Returns
    -------
    (P, N, 3, S, S) float32, about 0 to 1: highlights may exceed it until a camera clips them.
    """
    pose = _poses(draws, parts, pictures, side)
    first = _textures(draws, parts, pictures, side, families)
    other = _textures(draws, parts, pictures, side, families)
    first, other = _printed(draws, pose, first), _printed(draws, pose, other)
    value = _mixed(draws, first, other)
    outline = outlines(draws, pose, side)
    is_object = draws.chance(parts, 1, 1, 1, of=_OBJECTS)
    quiet = 0.5 + (other - 0.5) * draws.uniform(parts, 1, 1, 1, high=0.6)
    ground = coloured(quiet, palettes(draws, parts))
    scene = coloured(value, palettes(draws, parts))
    cover = torch.where(is_object, outline.cover, 1.0)[:, :, None]
    scene = ground + (scene - ground) * cover
    rough = draws.log_uniform(parts, 1, 1, 1, low=0.05, high=1.5)
    height = rough * torch.where(draws.chance(parts, 1, 1, 1, of=0.5), value, other)
    on_object = 1.5 * outline.relief + soft_step(outline.depth, 4.0)
    height = height + torch.where(is_object, on_object, 0.0)
    lit = draws.chance(parts, 1, 1, 1, of=0.6) * draws.uniform(parts, 1, 1, 1, low=0.2, high=1.0)
    azimuth = draws.uniform(parts, 1, 1, 1, high=2 * torch.pi)
    azimuth = azimuth + 0.1 * draws.normal(parts, pictures, 1, 1)
    gloss = draws.uniform(parts, 1, 1, 1, high=0.4) * draws.chance(parts, 1, 1, 1, of=0.5)
    light = shading(height, azimuth, draws.log_uniform(parts, 1, 1, 1, low=0.3, high=3.0), gloss)
    scene = scene * (1 + 0.8 * (lit * light)[:, :, None]) + 0.15 * (lit * light)[:, :, None]
    return scene * uneven_light(draws, parts, pictures, side)


def _textures(
    draws: Draws, parts: int, pictures: int, side: int, families: Sequence[str]
) -> Tensor:
    """Draw one texture per part, of a family drawn for it, stretched to between 0 and 1."""
    chosen = draws.integers(parts, below=len(families))
    drawn = torch.empty(parts, pictures, side, side, device=draws.device)
    for number, name in enumerate(families):
        members = (chosen == number).nonzero()[:, 0]
        if len(members):
            drawn[members] = stretched(FAMILIES[name](draws, len(members), pictures, side))
    return drawn


def _poses(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Draw (P, N, 4): turn, shifts and scale, the same for a part but for a little play."""
    play = draws.log_uniform(parts, 1, 1, low=0.1, high=2.0)
    jitter = play * draws.normal(parts, pictures, 4)
    unit = torch.tensor([0.015, 0.008 * side, 0.008 * side, 0.008], device=draws.device)
    turn = draws.uniform(parts, 1, 1, high=2 * torch.pi)
    rest = torch.cat([turn, 0.06 * side * draws.normal(parts, 1, 2), torch.ones_like(turn)], 2)
    return rest + jitter * unit


def _printed(draws: Draws, pose: Tensor, field: Tensor) -> Tensor:
    """Give some parts the first picture's pattern in every picture, moved with the pose."""
    parts, pictures, side, _ = field.shape
    turn = pose[..., 0] - pose[:, :1, 0]
    shift = (pose[..., 1:3] - pose[:, :1, 1:3]) * (-2 / side)
    scale = pose[..., 3]
    rows = torch.stack([turn.cos(), turn.sin(), -turn.sin(), turn.cos()], 2) / scale[..., None]
    affine = torch.cat([rows.view(parts, pictures, 2, 2), shift[..., None]], 3).flatten(0, 1)
    grid = functional.affine_grid(affine, [parts * pictures, 1, side, side], align_corners=False)
    source = field[:, :1].expand(-1, pictures, -1, -1).reshape(-1, 1, side, side)
    moved = functional.grid_sample(
        source, grid, align_corners=False, padding_mode="reflection"
    ).view_as(field)
    return torch.where(draws.chance(parts, 1, 1, 1, of=_SHARED), moved, field)


def _mixed(draws: Draws, first: Tensor, other: Tensor) -> Tensor:
    """Put two textures together: one alone, both added, one through the other, side by side."""
    parts, pictures, side, _ = first.shape
    share = draws.uniform(parts, 1, 1, 1, low=0.3, high=0.8)
    wavelength = draws.uniform(parts, 1, 1, 1, low=30.0, high=120.0)
    border = soft_step(4 * smooth_noise(draws, wavelength, pictures, side), 0.6)
    kinds = [
        first,
        first,
        share * first + (1 - share) * other,
        first * (0.3 + 0.7 * other),
        torch.maximum(first * share * 1.4, other).clamp_max(1),
        other + (first - other) * border,
    ]
    return one_of(draws, kinds)
