"""A network computed by torch in half the bits; its maps are given in float32."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from engine.types import Precision

_TYPES = {Precision.BFLOAT16: torch.bfloat16, Precision.FLOAT16: torch.float16}


class ReducedTorch:
    """A copy of a network with convolutions in half the bits, and what must stay float32 in it.

    What a network computes under ``autocast(enabled=False)`` stays as exact as it is: the Gabor
    stack inside the learned one does. Weights are converted here once, not at every call.

    Parameters
    ----------
    network
        Frozen; it stays as it is, since a release keeps its weights in float32.
    """

    def __init__(self, network: nn.Module, precision: Precision, device: torch.device) -> None:
        self._type = _TYPES[precision]
        self._device = device.type
        self._network = copy.deepcopy(network)
        for module in self._network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.to(self._type)

    def __call__(self, batch: Tensor) -> list[Tensor]:
        """Give the maps of (B, 3, H, W) float32, (B, C_l, h_l, w_l) float32 each."""
        with torch.autocast(self._device, self._type):
            levels: list[Tensor] = self._network(batch)
        return [level.float() for level in levels]
