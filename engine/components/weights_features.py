"""What a backbone computes on one fixed picture, in two numbers per layer.

The hash of a file says that the weights are the ones imported; it does not say that this PC, with
its processor and its versions of torch and timm, still computes with them what it did then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from engine.components.backbone import Backbone
from engine.errors import WeightsError

TOLERANCE = 1e-4
"""Of a layer's `magnitude`. Processor kernels, thread counts and memory layouts were seen to differ
by less than 1e-7; bfloat16, or another epsilon or padding in a network, by more than 4e-4 in one
layer at least."""

_SIDE = 224
"""As in a recipe that names no size; networks bound to one side are mostly bound to this."""


class LayerSums(BaseModel):
    """One layer's features of the fixed picture, on the processor in float32."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    layer: str
    total: float
    """Sum of all features."""
    magnitude: float
    """Sum of their absolute values."""


def sums_of(backbone: Backbone) -> tuple[LayerSums, ...]:
    """Compute the fixed picture's features with a backbone on the processor.

    Raises
    ------
    WeightsError
        The network takes no such picture, or what it gives is not finite.
    """
    try:
        with torch.inference_mode():
            levels = backbone(_picture())
    except (RuntimeError, AssertionError) as error:
        raise WeightsError(
            f"{backbone.name} gives no features of a {_SIDE} × {_SIDE} picture ({error}). "
            "Choose a CNN that takes pictures of any size, such as resnet18."
        ) from error
    sums = []
    for layer, level in zip(backbone.layers, levels, strict=True):
        total, magnitude = float(level.double().sum()), float(level.double().abs().sum())
        if not (math.isfinite(total) and math.isfinite(magnitude)):
            raise WeightsError(
                f"{backbone.weights_origin} gives numbers in {layer!r} of {backbone.name} that are "
                "not finite. Take the weights anew from where they were trained."
            )
        sums.append(LayerSums(layer=layer, total=total, magnitude=magnitude))
    return tuple(sums)


def check_same(noted: Sequence[LayerSums], found: Sequence[LayerSums]) -> None:
    """Check that features are those noted earlier, within `TOLERANCE`.

    Raises
    ------
    WeightsError
        A layer is another, or its features differ by more.
    """
    if [then.layer for then in noted] != [now.layer for now in found]:
        raise WeightsError(
            f"The network has the layers {', '.join(now.layer for now in found)}; at the import it "
            f"had {', '.join(then.layer for then in noted)}. Install the version of timm the "
            "weights were imported with, or import them again under another name."
        )
    for then, now in zip(noted, found, strict=True):
        off = max(abs(now.total - then.total), abs(now.magnitude - then.magnitude))
        if off > TOLERANCE * then.magnitude:
            raise WeightsError(
                f"The features in {then.layer!r} are not those of the import: their sum is off by "
                f"{off:.3g}, and {TOLERANCE * then.magnitude:.3g} is allowed. Check which versions "
                "of torch and timm are installed, and the processor."
            )


def _picture() -> Tensor:
    """Give (1, 3, 224, 224) float32 in [-1, 1]: fine-grained, and the same on every PC.

    Made of whole numbers and one division, which IEEE 754 rounds alike everywhere; a random
    generator promises no such thing across versions.
    """
    index = torch.arange(3 * _SIDE * _SIDE)
    return ((index * 7919) % 509 / 254 - 1).reshape(1, 3, _SIDE, _SIDE)
