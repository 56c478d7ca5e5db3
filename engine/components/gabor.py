"""The backbone ``gabor``: a fixed two-level stack of Gabor moduli; nothing in it was trained.

First level: the modulus of complex Gabor responses in eight orientations at every octave of a
pyramid says how much stripe of which width and direction is where. Second level: the same again on
the first level's moduli says how that texture itself changes from place to place. After Bruna and
Mallat, "Invariant Scattering Convolution Networks", IEEE TPAMI 35(8), 2013, §2; the filters, the
octaves and the choice of paths are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.preprocess import IMAGENET_STD

_SIDE = 7
_WAVELENGTH_PX = 4.0
_SIGMA_PX = 1.7
_SOFT = 1e-3
"""Rounds the modulus off at zero, so that sensor noise does not turn into direction."""
_FAINT = 0.03
"""Modulus from which the logarithm begins to level differences of contrast."""
_COLOUR_WEIGHT = 0.3
"""Of the plain lightness and colour beside the texture: lighting varies more than texture does."""

IDENTITY = f"octaves, maxima, all pairs; soft {_SOFT}, faint {_FAINT}, colour {_COLOUR_WEIGHT}"
"""What the filters alone do not say; part of the hash by which releases know this backbone. Any
change of the stack's numbers must change it."""


class GaborStack(nn.Module):
    """Feature maps at strides 4, 8 and 16.

    At stride 2^k there are: lightness and two colour differences; the first-level moduli of the
    octaves 0 to k; and the second-level moduli of every pair of octaves up to k. Moduli are
    carried to coarser grids by their maximum, so that a thin scratch is not averaged away.

    Parameters
    ----------
    strides
        Which of `STRIDES` to give, finest first.
    """

    STRIDES: ClassVar[tuple[int, ...]] = (4, 8, 16)

    first: Tensor
    second: Tensor
    opponent: Tensor

    def __init__(self, strides: Sequence[int]) -> None:
        super().__init__()
        self.strides = tuple(strides)
        self.register_buffer("first", _gabor_pairs(orientations=8))
        self.register_buffer("second", _gabor_pairs(orientations=4))
        self.register_buffer("opponent", _opponent())

    def forward(self, batch: Tensor) -> list[Tensor]:
        """Give one (B, C, S / stride, S / stride) float32 map per stride.

        Parameters
        ----------
        batch
            (B, 3, S, S) float32, normalised by ImageNet's mean and standard deviation.
        """
        colours = functional.conv2d(batch, self.opponent)
        texture, change = _moduli(colours[:, :1], self.first), colours[:, :0]
        levels = []
        for octave in range(max(self.strides).bit_length()):
            if octave:
                colours = functional.avg_pool2d(colours, 2)
                texture, change = _halved_by_maximum(texture), _halved_by_maximum(change)
                change = torch.cat([change, _moduli(texture, self.second)], 1)
                texture = torch.cat([texture, _moduli(colours[:, :1], self.first)], 1)
            if 2**octave in self.strides:
                levels.append(torch.cat([colours * _COLOUR_WEIGHT, texture, change], 1))
        return levels


def _gabor_pairs(orientations: int) -> Tensor:
    """Give (2 · orientations, 1, 7, 7): the real parts, then the imaginary parts, without mean."""
    axis = torch.arange(_SIDE, dtype=torch.float64) - _SIDE // 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    envelope = torch.exp(-(x**2 + y**2) / (2 * _SIGMA_PX**2))
    real, imaginary = [], []
    for number in range(orientations):
        angle = torch.tensor(torch.pi * number / orientations, dtype=torch.float64)
        phase = 2 * torch.pi / _WAVELENGTH_PX * (x * angle.cos() + y * angle.sin())
        mean = (envelope * phase.cos()).sum() / envelope.sum()
        real.append(envelope * (phase.cos() - mean))
        imaginary.append(envelope * phase.sin())
    pairs = torch.stack(real + imaginary)[:, None]
    return (pairs / envelope.sum() * 2).float()


def _opponent() -> Tensor:
    """Give (3, 3, 1, 1): normalised RGB to lightness, red–green and yellow–blue, equal in unit."""
    mix = torch.tensor([[1 / 3, 1 / 3, 1 / 3], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]])
    return (mix * torch.tensor(IMAGENET_STD) / 0.226)[:, :, None, None]


def _moduli(planes: Tensor, pairs: Tensor) -> Tensor:
    """Take the levelled moduli of every plane: (B, C, h, w) to (B, C · orientations, h, w)."""
    batch, channels, height, width = planes.shape
    alone = planes.reshape(batch * channels, 1, height, width)
    alone = functional.pad(alone, (3, 3, 3, 3), mode="reflect")
    # Kernels laid out as channels_last would give moduli so, and each plane would be copied back.
    kernels = pairs.clone(memory_format=torch.contiguous_format)
    real, imaginary = functional.conv2d(alone, kernels).chunk(2, 1)
    # In place, for each pass over the memory counts here, and so does each new piece of it. log,
    # not log1p: only the former is vectorised on processors, and moduli are never tiny.
    moduli = (real * real).addcmul_(imaginary, imaginary).add_(_SOFT**2).sqrt_()
    return moduli.div_(_FAINT).add_(1).log_().reshape(batch, -1, height, width)


def _halved_by_maximum(planes: Tensor) -> Tensor:
    """Give the maximum of each 2 × 2 block; 20 times as fast on a processor as ``max_pool2d``."""
    rows = torch.maximum(planes[..., 0::2, :], planes[..., 1::2, :])
    return torch.maximum(rows[..., 0::2], rows[..., 1::2])
