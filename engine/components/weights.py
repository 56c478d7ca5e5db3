"""Weights by explicit choice: read from a file the user names, or downloaded only when asked."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from engine.errors import WeightsError

_WRAPPERS = ("state_dict", "model", "model_state_dict")
_PREFIXES = ("module.", "model.", "backbone.")
COUNTER = "num_batches_tracked"
"""Ending of names of tensors that count training steps and play no part in inference."""
_IN_TORCHVISION_ORDER = frozenset(
    {"mobilenetv2_100", *(f"efficientnet_b{number}" for number in range(5))}
)
"""Those whose features equal torchvision's own with its weights. Their kin have the same shapes
and load as well, but differ in what no weights file tells: EfficientNet-B5 and MobileNetV3 in the
normalisation's epsilon, timm's ``tf_`` ones in padding."""
_LEAVES = ("weight", "bias", "running_mean", "running_var")


# What torch's restricted unpickler raises on damaged bytes, found by damaging them.
_DAMAGED = (
    safetensors.SafetensorError,
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, eq=False)
class Weights:
    """A state dict and where it came from."""

    tensors: Mapping[str, Tensor]
    origin: str
    """The file's name, or ``timm:<tag>``."""
    sha256: str
    """Of the file's bytes, or of the tensors where there was no file."""


def read_weights(path: Path) -> Weights:
    """Read a .safetensors file, or a .pth/.pt file of plain tensors (nothing else is unpickled).

    Raises
    ------
    WeightsError
        The file is missing, damaged, or holds something other than a state dict.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The weights file {path} cannot be read ({error.strerror}). "
            "Name a .pth or .safetensors file that exists."
        ) from error
    try:
        if path.suffix.lower() == ".safetensors":
            found: object = safetensors.torch.load(data)
        else:
            found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        raise WeightsError(
            f"The weights file {path} is damaged or not a plain state dict. "
            "Copy it again, or save the model's state_dict() anew."
        ) from error
    return Weights(_state_dict(found, path), path.name, hashlib.sha256(data).hexdigest())


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """Give the hex SHA-256 of named tensors: names, dtypes, shapes and bytes, in name order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def fitted_to(
    model: torch.nn.Module, weights: Weights, *, backbone: str, layers: Sequence[str] = ()
) -> dict[str, Tensor]:
    """Give the tensors `model` needs, by its own names.

    Tensors are found by timm's names, which torchvision shares for ResNet, VGG and DenseNet. For
    the few that torchvision names otherwise and computes the same (EfficientNet B0 to B4,
    MobileNetV2) they are taken in the network's order, and only where every shape agrees. What the
    file holds beyond that (classifier, later layers) is left out.

    Parameters
    ----------
    model
        The network that gives the features, or the beginning of it.
    backbone
        Its name in timm.
    layers
        Layers of `model` that the file must not know more of than `model` has: resnet34 holds all
        of resnet18 and two blocks more in each layer.

    Raises
    ------
    WeightsError
        A part is missing, too many, or has another shape: the file belongs to another backbone.
    """
    wanted = {
        name: tensor for name, tensor in model.state_dict().items() if not name.endswith(COUNTER)
    }
    given = {flat(name): tensor for name, tensor in weights.tensors.items()}
    if backbone.partition(".")[0] in _IN_TORCHVISION_ORDER and not any(
        flat(name) in given for name in wanted
    ):
        in_order = _in_network_order(weights.tensors)
        given = {flat(name): tensor for name, tensor in zip(wanted, in_order, strict=False)}
    fitted = {}
    for name, tensor in wanted.items():
        found = given.get(flat(name))
        if found is None or found.shape != tensor.shape:
            what = "lacks" if found is None else f"has {tuple(found.shape)} for"
            raise WeightsError(
                f"{weights.origin} {what} {name!r} {tuple(tensor.shape)}: these weights do not "
                f"belong to {backbone}. Name the backbone they were saved from."
            )
        fitted[name] = found
    known = {flat(name) for name in model.state_dict()}
    for layer in layers:
        for name in given:
            if name.startswith(f"{flat(layer)}_") and name not in known:
                raise WeightsError(
                    f"{weights.origin} has more in {layer!r} than {backbone}: these weights do not "
                    f"belong to {backbone}. Name the backbone they were saved from."
                )
    return fitted


def _in_network_order(tensors: Mapping[str, Tensor]) -> list[Tensor]:
    """Order torchvision's ``features.2.1.block.0.1.weight`` by its numbers.

    A .safetensors file keeps no order: taken as they lie there, biases would become weights.
    """

    def place(name: str) -> tuple[list[int], int]:
        return [int(number) for number in re.findall(r"\d+", name)], _LEAVES.index(
            name.rpartition(".")[2]
        )

    names = [name for name in tensors if name.startswith("features.") and name.endswith(_LEAVES)]
    return [tensors[name] for name in sorted(names, key=place)]


def flat(name: str) -> str:
    """Level a difference: feature extractors say ``features_0`` for the model's ``features.0``."""
    return name.replace(".", "_")


def _state_dict(found: object, path: Path) -> dict[str, Tensor]:
    for wrapper in _WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if not isinstance(found, dict):
        found = {}
    tensors = {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
    if not tensors:
        raise WeightsError(
            f"The weights file {path} holds no tensors. Save the model's state_dict() instead."
        )
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors
