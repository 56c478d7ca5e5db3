"""Damage good pictures and say where: for pretraining, adaptation and the ranking of both."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.synthetic.damage.kinds import KINDS
from engine.synthetic.textures.draws import Draws

VISIBLE = 0.02
"""Change, averaged over channels and 3 × 3 pixels, from which a pixel counts as damaged: 5 of 255
grey levels, about what the grain of a good camera amounts to."""

GREY = 0.02
"""Largest difference between the channels of a picture that is taken for a grey one."""


def inflict(
    draws: Draws,
    good: Tensor,
    other: Tensor,
    *,
    kinds: Sequence[str],
    severity: tuple[float, float] = (0.0, 1.0),
) -> tuple[Tensor, Tensor]:
    """Damage each picture once, by a kind drawn for it.

    Parameters
    ----------
    good
        (B, 3, S, S) float32, 0 to 1; not changed.
    other
        As many pictures of other parts, or of other places of this part.
    kinds
        Keys of `KINDS` that may occur.
    severity
        Drawn evenly between these two; 0 can barely be seen, 1 is plain.

    Returns
    -------
    damaged
        (B, 3, S, S) float32, 0 to 1.
    mask
        (B, S, S) bool, where it differs visibly. Empty where the damage does not show: on this
        ground, or outside the picture.
    """
    chosen = draws.integers(len(good), below=len(kinds))
    strength = draws.uniform(len(good), low=severity[0], high=severity[1])
    damaged = good.clone()
    for number, name in enumerate(kinds):
        members = (chosen == number).nonzero()[:, 0]
        if len(members):
            damaged[members] = KINDS[name](
                draws, good[members], other[members], strength[members]
            ).to(good.dtype)
    # A grey picture comes from a grey camera, which sees no colour of the damage either.
    is_grey = (good.amax(1) - good.amin(1)).flatten(1).amax(1) < GREY
    damaged = torch.where(is_grey[:, None, None, None], damaged.mean(1, keepdim=True), damaged)
    damaged = damaged.clamp(0, 1)
    change = (damaged - good).abs().mean(1, keepdim=True)
    return damaged, functional.avg_pool2d(change, 3, 1, 1)[:, 0] > VISIBLE
