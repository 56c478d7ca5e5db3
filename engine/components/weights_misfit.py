"""Saying in one sentence why weights do not fit a backbone, and which one they look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import Tensor

from engine.components.weights import COUNTER, Weights, fitted_to, flat
from engine.errors import WeightsError

_WELL_KNOWN = (
    "resnet18",
    "resnet34",
    "resnet50",
    "wide_resnet50_2",
    "resnext50_32x4d",
    "resnet101",
    "vgg16",
    "vgg16_bn",
    "mobilenetv2_100",
    "mobilenetv3_large_100",
    "efficientnet_b0",
    "efficientnet_b1",
    "densenet121",
)
"""Those most files are of. All of timm's thousand would take minutes to compare."""


def misfit(weights: Weights, model: str) -> str:
    """Count what does not fit `model`, and name the well-known backbone that would fit.

    Costs up to two seconds; only shapes are compared, no network is filled.
    """
    wanted = _flat_shapes(_tensors(model, features_only=True))
    whole = _flat_shapes(_tensors(model, features_only=False))
    given = _flat_shapes(weights.tensors)
    if given == whole:
        return (
            f"Loupe cannot take {weights.origin}: the part of {model} that gives features is built "
            "otherwise than the whole. Choose another CNN, such as resnet18."
        )
    missing = sum(name not in given for name in wanted)
    reshaped = sum(name in given and given[name] != shape for name, shape in wanted.items())
    unknown = len(given.keys() - wanted.keys() - whole.keys())
    counts = (
        f"{weights.origin} does not fit {model}: of its {len(wanted)} tensors {missing} are "
        f"missing and {reshaped} have another shape; {unknown} in the file are unknown to it."
    )
    likeness = looks_like(weights)
    if likeness is None:
        return f"{counts} Give --model the timm name of the network they were saved from."
    return f"{counts} They look like {likeness}: give --model {likeness}."


def looks_like(weights: Weights) -> str | None:
    """Name the well-known backbone that these weights fit; None where there is none."""
    for model in _WELL_KNOWN:
        with torch.device("meta"):  # shapes without numbers
            network: Any = timm.create_model(model, pretrained=False, features_only=True)
            layers = tuple(network.feature_info.module_name())
        try:
            fitted_to(network, weights, backbone=model, layers=layers)
        except WeightsError:
            continue
        return model
    return None


def _tensors(model: str, *, features_only: bool) -> Mapping[str, Tensor]:
    network = timm.create_model(model, pretrained=False, features_only=features_only)
    tensors: Mapping[str, Tensor] = network.state_dict()
    return tensors


def _flat_shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Give shapes by levelled names, without the counters that play no part in inference."""
    return {
        flat(name): tuple(tensor.shape)
        for name, tensor in tensors.items()
        if not name.endswith(COUNTER)
    }
