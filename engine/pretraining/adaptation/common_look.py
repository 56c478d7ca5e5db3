"""Damage that is the same whatever the size one looks at: drawn once, carried to every size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.preprocess import Preprocessing
from engine.pretraining.adaptation.look import STRIDE, Look
from engine.synthetic.damage.inflict import inflict
from engine.synthetic.textures.draws import Draws

DRAWN_PX = 320
"""Side at which damage is drawn: its thinnest lines are 0.7 pixels wide there."""
_SEVERITY = (0.3, 1.0)
"""What a person would see, too: damage that nobody sees must not decide the size."""


class CommonLook(Look):
    """Squares of one side, looked at in the size of the preprocessing.

    Parameters
    ----------
    side
        Of the squares; at least the preprocessing's.
    """

    def __init__(
        self, stack: nn.Module, preprocessing: Preprocessing, device: torch.device, *, side: int
    ) -> None:
        super().__init__(stack, preprocessing, device)
        self._size, _ = preprocessing.shape
        self._reach = STRIDE * side // self._size
        self._region = torch.from_numpy(preprocessing.counted(side, side)).to(device)

    @torch.no_grad()
    def patches(self, pictures: Tensor) -> Tensor:
        """Give (B, n, I) float16, the head's input, of (B, 3, side, side) pictures."""
        return super().patches(_resized(pictures, self._size))

    @torch.no_grad()
    def damaged(
        self, draws: Draws, good: Tensor, other: Tensor, *, kinds: Sequence[str], times: int = 1
    ) -> tuple[Tensor, Tensor]:
        """Damage each picture; what changes is drawn at `DRAWN_PX` and carried over."""
        pictures, masks = good, []
        side = good.shape[-1]
        matter = _resized(other, DRAWN_PX)
        for _ in range(times):
            ground = _resized(pictures, DRAWN_PX)
            changed, mask = inflict(draws, ground, matter, kinds=kinds, severity=_SEVERITY)
            pictures = (pictures + _resized(changed - ground, side) * self._region).clamp(0, 1)
            masks.append((_resized(mask[:, None].float(), side)[:, 0] > 0.5) & self._region)
        return (pictures * 255).round() / 255, torch.stack(masks, 1)

    def covered(self, masks: Tensor, share: float) -> Tensor:
        """Tell which patches masks cover by more than a share; (B, times, n) bool."""
        return super().covered(_resized(masks.float(), self._size), share)


def _resized(planes: Tensor, side: int) -> Tensor:
    if planes.shape[-1] == side:
        return planes
    return functional.interpolate(
        planes, (side, side), mode="bilinear", align_corners=False, antialias=True
    )
