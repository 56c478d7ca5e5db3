"""Values to colours: each part has its own row of four colours, most of them greys."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.textures.draws import Draws

_STOPS = 4


def palettes(draws: Draws, parts: int) -> Tensor:
    """Draw (P, 4, 3) float32 colours between 0 and 1, of more or less contrast."""
    colours = draws.uniform(parts, _STOPS, 3)
    ordered = colours.sort(1).values
    colours = torch.where(draws.chance(parts, 1, 1, of=0.6), ordered, colours)
    colours = torch.where(draws.chance(parts, 1, 1, of=0.15), colours.flip(1), colours)
    grey = colours.mean(2, keepdim=True)
    colours = torch.where(draws.chance(parts, 1, 1, of=0.6), grey, colours)
    tint = draws.uniform(parts, 1, 1) * 0.6
    colours = grey + (colours - grey) * torch.where(draws.chance(parts, 1, 1, of=0.5), tint, 1.0)
    middle = colours.mean(1, keepdim=True)
    contrast = draws.log_uniform(parts, 1, 1, low=0.12, high=1.0)
    return (middle + (colours - middle) * contrast).clamp_(0, 1)


def coloured(field: Tensor, palette: Tensor) -> Tensor:
    """Turn (P, N, S, S) values between 0 and 1 into (P, N, 3, S, S) colours."""
    at = field * (_STOPS - 1)
    colours = palette[:, 0, :, None, None].expand(-1, -1, 1, 1)[:, None]
    for stop in range(_STOPS - 1):
        step = (palette[:, stop + 1] - palette[:, stop])[:, None, :, None, None]
        colours = colours + step * (at - stop).clamp(0, 1)[:, :, None]
    return colours
