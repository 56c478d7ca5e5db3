"""A metric on patches: a small head that says which differences between them matter.

Its input is each stride-8 cell's neighbourhood as a memory bank sees it (averaged), what stands out
in it (maximum), and the coarser cell around it. Its output has the averaged cell's length and,
untrained, is that cell. The network below stays as it is: patches need be computed only once for a
training, so that a station can train a head on its own parts in minutes.
"""

from __future__ import annotations

import copy
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.components.weights import Weights, fitted_to, read_weights

FINE, COARSE = 227, 363
"""Channels of the built-in stacks at strides 8 and 16."""
HIDDEN = 256


class Surroundings(nn.Module):
    """The head's input: every stride-8 cell with what lies around it; nothing in it is trained.

    Parameters
    ----------
    stack
        Gives maps at strides 8 and 16.
    """

    def __init__(self, stack: nn.Module) -> None:
        super().__init__()
        self.stack = stack

    def forward(self, batch: Tensor) -> Tensor:
        """Give (B, h · w, I) float32, I a `MetricHead`'s inputs, h and w the side S / 8.

        Parameters
        ----------
        batch
            (B, 3, S, S) float32, normalised by ImageNet's mean and standard deviation; S a
            multiple of 16, at least 64.
        """
        fine, coarse = self.stack(batch)
        averaged = functional.avg_pool2d(fine, 3, 1, 1)
        around = functional.avg_pool2d(coarse, 3, 1, 1)
        parts = [averaged, _widened_by_maximum(fine), _enlarged(around, to=fine)]
        return torch.cat(parts, 1).flatten(2).transpose(1, 2)


class MetricHead(nn.Module):
    """Correct patches so that their Euclidean distance grows with what matters.

    Parameters
    ----------
    hidden
        Units of the one hidden layer.
    fine, coarse
        Channels at strides 8 and 16 of the network below.

    Attributes
    ----------
    inputs
        Length I of a patch with its surroundings; 817 on a built-in stack.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, hidden: int = HIDDEN, *, fine: int = FINE, coarse: int = COARSE) -> None:
        super().__init__()
        self.fine, self.inputs = fine, 2 * fine + coarse
        self.register_buffer("mean", torch.zeros(self.inputs))
        self.register_buffer("spread", torch.ones(self.inputs))
        self.scale = nn.Parameter(torch.ones(fine))
        self.linear = nn.Linear(self.inputs, fine, bias=False)
        self.enter = nn.Linear(self.inputs, hidden)
        self.leave = nn.Linear(hidden, fine)
        for zero in (self.linear.weight, self.leave.weight, self.leave.bias):
            nn.init.zeros_(zero)

    def calibrate(self, patches: Tensor) -> None:
        """Take mean and spread of the inputs from (n, I) patches, once, before any training."""
        self.mean.copy_(patches.mean(0))
        self.spread.copy_(patches.std(0).clamp_min(0.01))

    @torch.no_grad()
    def blended(self, share: float) -> MetricHead:
        """Give a head that corrects patches by only a share, 0 to 1, of what this one does.

        Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, arXiv 2109.01903,
        §3: half way back to where a training began, much of what it learned by heart is gone and
        most of what it learned is still there.
        """
        head = copy.deepcopy(self)
        head.scale.mul_(share).add_(1 - share)
        for correcting in (head.linear.weight, head.leave.weight, head.leave.bias):
            correcting.mul_(share)
        return head

    def forward(self, patches: Tensor) -> Tensor:
        """Give (…, fine) float32 of (…, I) patches, float32 or float16."""
        patches = patches.float()
        known = (patches - self.mean) / self.spread
        corrected: Tensor = self.leave(functional.gelu(self.enter(known))) + self.linear(known)
        return patches[..., : self.fine] * self.scale + corrected


class MetricStack(nn.Module):
    """A stack with a trained head on its stride 8, which is the one feature map it gives.

    The head is folded for speed: calibration, scale and both linear maps of the input become one
    1 × 1 convolution, and its part for the coarse cells runs on their own grid, a quarter as large;
    both are exact, for a linear map and an enlargement may change places. On the Gabor stack at 224
    pixels on one processor core 18 instead of 28 ms, equal to within 1e-5.

    Parameters
    ----------
    stack
        As for `Surroundings`.
    head
        As it is now: what is trained later is not seen.
    """

    inward_fine: Tensor
    inward_coarse: Tensor
    inward_bias: Tensor
    outward: Tensor
    outward_bias: Tensor

    def __init__(self, stack: nn.Module, head: MetricHead) -> None:
        super().__init__()
        self.stack, self._fine = stack, head.fine
        folded = {name: tensor.detach() for name, tensor in head.state_dict().items()}
        inward = torch.cat([folded["linear.weight"], folded["enter.weight"]])
        inward = inward / folded["spread"]
        bias = torch.cat([torch.zeros_like(folded["scale"]), folded["enter.bias"]])
        bias = bias - inward @ folded["mean"]
        fine = head.fine
        inward[:fine, :fine] += torch.diag(folded["scale"])
        self.register_buffer("inward_fine", _kernel(inward[:, : 2 * fine]))
        self.register_buffer("inward_coarse", _kernel(inward[:, 2 * fine :]))
        self.register_buffer("inward_bias", bias)
        self.register_buffer("outward", _kernel(folded["leave.weight"]))
        self.register_buffer("outward_bias", folded["leave.bias"].clone())

    @torch.no_grad()
    def forward(self, batch: Tensor) -> list[Tensor]:
        """Give the (B, fine, S / 8, S / 8) float32 map; its neighbourhoods are averaged already."""
        fine, coarse = self.stack(batch)
        cells = torch.cat([functional.avg_pool2d(fine, 3, 1, 1), _widened_by_maximum(fine)], 1)
        around = functional.avg_pool2d(coarse, 3, 1, 1)
        around = _convolved(around, self.inward_coarse, self.inward_bias)
        inward = _convolved(cells, self.inward_fine, None) + _enlarged(around, to=fine)
        entered = functional.gelu(inward[:, self._fine :])
        return [inward[:, : self._fine] + _convolved(entered, self.outward, self.outward_bias)]


def head_bytes(head: MetricHead) -> bytes:
    """Give a head as the bytes of a .safetensors file, in half precision: 0.9 MB."""
    tensors = {
        name: tensor.detach().cpu().half().contiguous()
        for name, tensor in head.state_dict().items()
    }
    return safetensors.torch.save(tensors)


def open_head(path: Path) -> MetricHead:
    """Read a file of `head_bytes`; the head computes in float32.

    Raises
    ------
    WeightsError
        The file is missing, damaged, or holds something other than a head.
    """
    return head_of(read_weights(path))


def head_of(weights: Weights) -> MetricHead:
    """Give a head its weights, such as a release has kept them.

    Raises
    ------
    WeightsError
        They are not those of a head.
    """
    entrance, scale = weights.tensors.get("enter.weight"), weights.tensors.get("scale")
    head = MetricHead()
    if entrance is not None and entrance.ndim == 2 and scale is not None:
        hidden, inputs = entrance.shape
        head = MetricHead(hidden, fine=len(scale), coarse=max(inputs - 2 * len(scale), 1))
    head.load_state_dict(fitted_to(head, weights, backbone="Loupe's metric head"))
    return head


def _kernel(matrix: Tensor) -> Tensor:
    """Turn (out, in) into the (out, in, 1, 1) kernel of a convolution."""
    return matrix[:, :, None, None].contiguous(memory_format=torch.channels_last)


def _convolved(planes: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve 1 × 1, on processors by oneDNN, called by name as in ``neighbours``: faster.

    A trace is to be read by another library, which knows convolutions by their general name.
    """
    planes = planes.contiguous(memory_format=torch.channels_last)
    traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    on_cpu = planes.device.type == "cpu" and not traced
    if on_cpu and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return torch.mkldnn_convolution(planes, kernel, bias, (0, 0), (1, 1), (1, 1), 1)
    return functional.conv2d(planes, kernel, bias)


def _enlarged(planes: Tensor, *, to: Tensor) -> Tensor:
    return functional.interpolate(planes, to.shape[-2:], mode="bilinear", align_corners=False)


def _widened_by_maximum(planes: Tensor) -> Tensor:
    """Give the maximum of each 3 × 3 neighbourhood; faster on a processor than ``max_pool2d``."""
    padded = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
    rows = torch.maximum(
        torch.maximum(padded[..., :-2, :], padded[..., 2:, :]), padded[..., 1:-1, :]
    )
    return torch.maximum(torch.maximum(rows[..., :-2], rows[..., 2:]), rows[..., 1:-1])
