"""Random numbers on the device where pictures are made, the same for the same seed and step."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor


class Draws:
    """A torch generator with the few distributions that pictures are made of.

    Parameters
    ----------
    device
        Where the tensors are made. The same seed gives other numbers on another kind of device.
    key
        Whole numbers, such as seed, stream and step: another key, other numbers.
    """

    def __init__(self, device: torch.device, *key: int) -> None:
        self.device = device
        state = np.random.SeedSequence(key).generate_state(2, np.uint32)
        self._generator = torch.Generator(device)
        self._generator.manual_seed(int(state[0]) << 32 | int(state[1]))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Give float32 between `low` and `high`."""
        numbers = torch.rand(shape, generator=self._generator, device=self.device)
        return numbers.mul_(high - low).add_(low)

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Give float32 whose logarithm is uniform between those of `low` and `high`."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp_()

    def normal(self, *shape: int) -> Tensor:
        """Give float32 of mean 0 and standard deviation 1."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def integers(self, *shape: int, below: int) -> Tensor:
        """Give int64 from 0 to `below` - 1."""
        return torch.randint(below, shape, generator=self._generator, device=self.device)

    def chance(self, *shape: int, of: float) -> Tensor:
        """Give bool, true with probability `of`."""
        return torch.rand(shape, generator=self._generator, device=self.device) < of
