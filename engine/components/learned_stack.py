"""The backbone ``learned``: the Gabor stack, corrected by layers trained on invented parts.

Each level is the Gabor stack's own, scaled, plus what a small residual network makes of it and of
the finer levels. Untrained it is the Gabor stack to the bit, so training can only move away from
there. There is no batch normalisation, so that what is trained is what is shipped: the inputs are
calibrated once, and every residual branch starts at zero (Zhang, Dauphin and Ma, "Fixup
Initialization", ICLR 2019, §3).
"""

from __future__ import annotations

from collections.abc import Sequence

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.components.gabor import GaborStack
from engine.components.weights import Weights, fitted_to

GABOR_CHANNELS = {4: 123, 8: 227, 16: 363}
"""Of the Gabor stack's levels, and of the learned ones."""
WIDTHS = {4: 48, 8: 96, 16: 160}
"""Channels of the trained layers at each stride."""
BLOCKS = {4: 1, 8: 2, 16: 1}
_FIXED = "gabor."
"""Beginning of the names of tensors that the code itself makes."""


class LearnedStack(nn.Module):
    """Feature maps at strides 4, 8 and 16, with as many channels as the Gabor stack's.

    Parameters
    ----------
    strides
        Which of `GaborStack.STRIDES` to give, finest first.
    """

    def __init__(self, strides: Sequence[int] = GaborStack.STRIDES) -> None:
        super().__init__()
        self.strides = tuple(strides)
        self.gabor = GaborStack(GaborStack.STRIDES)
        self.stages = nn.ModuleDict({str(stride): _Stage(stride) for stride in GaborStack.STRIDES})

    def forward(self, batch: Tensor) -> list[Tensor]:
        """Give one (B, C, S / stride, S / stride) map per stride, float32 unless autocast.

        Parameters
        ----------
        batch
            (B, 3, S, S) float32, normalised by ImageNet's mean and standard deviation; S a
            multiple of 16.
        """
        levels: list[Tensor] = []
        inner: Tensor | None = None
        for stride, moduli in zip(GaborStack.STRIDES, self._moduli(batch), strict=True):
            if stride > max(self.strides):
                break
            stage = self.stages[str(stride)]
            assert isinstance(stage, _Stage)
            inner = stage.refined(moduli, inner)
            if stride in self.strides:
                levels.append(stage.corrected(moduli, inner))
        return levels

    def calibrate(self, batch: Tensor) -> None:
        """Take mean and spread of every Gabor channel from a batch, once, before any training."""
        for stride, moduli in zip(GaborStack.STRIDES, self._moduli(batch), strict=True):
            stage = self.stages[str(stride)]
            assert isinstance(stage, _Stage)
            stage.mean.copy_(moduli.mean((0, 2, 3), keepdim=True)[0])
            stage.spread.copy_(moduli.std((0, 2, 3), keepdim=True)[0].clamp_min(0.01))

    def trained(self) -> dict[str, Tensor]:
        """Give the tensors that the code itself does not make, by name."""
        own = self.state_dict()
        return {name: own[name] for name in own if not name.startswith(_FIXED)}

    def _moduli(self, batch: Tensor) -> list[Tensor]:
        with torch.no_grad(), torch.autocast(batch.device.type, enabled=False):
            levels: list[Tensor] = self.gabor(batch.float())
        return [level.contiguous(memory_format=torch.channels_last) for level in levels]


class _Stage(nn.Module):
    """One stride: take in Gabor moduli and the finer stage, refine both, correct the moduli."""

    mean: Tensor
    spread: Tensor

    def __init__(self, stride: int) -> None:
        super().__init__()
        channels, width = GABOR_CHANNELS[stride], WIDTHS[stride]
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("spread", torch.ones(channels, 1, 1))
        self.enter = nn.Conv2d(channels + WIDTHS.get(stride // 2, 0), width, 1)
        self.blocks = nn.Sequential(*[_Block(width) for _ in range(BLOCKS[stride])])
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))
        self.correct = nn.Conv2d(width, channels, 1)
        nn.init.kaiming_normal_(self.enter.weight, nonlinearity="relu")
        for zero in (self.enter.bias, self.correct.weight, self.correct.bias):
            assert zero is not None
            nn.init.zeros_(zero)

    def refined(self, moduli: Tensor, finer: Tensor | None) -> Tensor:
        """Give (B, width, h, w) of what this stride and the finer stage's refined one show."""
        pooled = moduli[:, :0] if finer is None else functional.avg_pool2d(finer, 2)
        traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        if traced or torch.is_autocast_enabled(moduli.device.type):
            # In half precision, which a trace may be for, only what is centred keeps its digits.
            entered = self.enter(torch.cat([(moduli - self.mean) / self.spread, pooled], 1))
        else:
            entered = self._entered(moduli, pooled)
        refined: Tensor = self.blocks(entered.relu_())
        return refined

    def corrected(self, moduli: Tensor, refined: Tensor) -> Tensor:
        """Give the level: the moduli, scaled, and what the refined ones add to them."""
        return torch.addcmul(self.correct(refined), moduli, self.scale)

    def _entered(self, moduli: Tensor, pooled: Tensor) -> Tensor:
        """Give the same, with the calibration folded into the small kernel: fewer large passes."""
        bias = self.enter.bias
        assert bias is not None
        weight, count = self.enter.weight, len(self.mean)
        ours, theirs = weight[:, :count], weight[:, count:]
        ours = ours / self.spread
        entered = functional.conv2d(moduli, ours, bias - (ours * self.mean).sum((1, 2, 3)))
        return entered.add_(functional.conv2d(pooled, theirs)) if pooled.shape[1] else entered


class _Block(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut; the second starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        for zero in (self.first.bias, self.second.weight, self.second.bias):
            assert zero is not None
            nn.init.zeros_(zero)

    def forward(self, inner: Tensor) -> Tensor:
        # In place: on a processor a new piece of memory for every plane costs more than the sums.
        added: Tensor = self.second(self.first(inner).relu_())
        return added.add_(inner).relu_()


def stack_bytes(stack: LearnedStack) -> bytes:
    """Give the trained tensors as the bytes of a .safetensors file, in half precision: 2 MB."""
    tensors = {
        name: tensor.detach().cpu().half().contiguous() for name, tensor in stack.trained().items()
    }
    return safetensors.torch.save(tensors)


def stack_of(weights: Weights, strides: Sequence[int] = GaborStack.STRIDES) -> LearnedStack:
    """Give a stack its weights, such as a file or a release holds them; it computes in float32.

    Raises
    ------
    WeightsError
        They are not those of a learned stack.
    """
    stack = LearnedStack(strides)
    fixed = {f"{_FIXED}{name}": tensor for name, tensor in stack.gabor.state_dict().items()}
    given = Weights({**weights.tensors, **fixed}, weights.origin, weights.sha256)
    stack.load_state_dict(fitted_to(stack, given, backbone="Loupe's learned stack"))
    return stack
