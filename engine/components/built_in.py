"""The backbones that need no download: the Gabor stack, and the stack trained on invented parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from torch import Tensor, nn

from engine.components.gabor import IDENTITY, GaborStack
from engine.components.learned_stack import stack_of
from engine.components.weights import Weights, fingerprint, read_weights
from engine.errors import WeightsError

HEAD_STRIDES = (8, 16)
"""What a metric head looks at."""


class Stack(StrEnum):
    """Names of the built-in backbones."""

    GABOR = "gabor"
    LEARNED = "learned"


BUILTIN = Stack.LEARNED
"""What the alias ``builtin`` stands for: the best backbone this version ships."""

DEFAULT_STRIDES = {Stack.GABOR: ("8",), Stack.LEARNED: ("8", "16")}
"""Stride 8 of the Gabor stack holds its finer octaves too; adding stride 16 gained nothing."""


@dataclass(frozen=True, eq=False)
class OpenStack:
    """A network with what identifies and rebuilds it."""

    name: str
    network: nn.Module
    sha256: str
    """Of all its tensors, and of what the Gabor stack's filters alone do not say."""
    kept: Mapping[str, Tensor]
    """What a release must keep to open it again; empty for the Gabor stack, made by the code."""


def stack_named(name: str) -> Stack | None:
    """Give the stack of a name or of the alias ``builtin``; None for any other backbone."""
    if name == "builtin":
        return BUILTIN
    return Stack(name) if name in set(Stack) else None


def tensors_of(weights: str) -> Mapping[str, Tensor] | None:
    """Read the tensors of a stack from a file; None for ``builtin``: those of the installation.

    Raises
    ------
    WeightsError
        The file is missing, damaged, or holds something other than a state dict.
    """
    return None if weights == "builtin" else read_weights(Path(weights)).tensors


def open_stack(
    name: Stack, strides: Sequence[int], kept: Mapping[str, Tensor] | None = None
) -> OpenStack:
    """Open a stack.

    Parameters
    ----------
    strides
        Which maps it gives, finest first.
    kept
        Its tensors as a release holds them; None: those of this installation.

    Raises
    ------
    WeightsError
        The tensors are missing, damaged or another network's.
    """
    gabor = _gabor_sha256()
    if name is Stack.GABOR:
        return OpenStack(name, GaborStack(strides), gabor, {})
    if kept is None:
        kept = _shipped().tensors
    own = hashlib.sha256(f"{gabor} {fingerprint(kept)}".encode()).hexdigest()
    network = stack_of(Weights(kept, "The built-in weights", own), strides)
    return OpenStack(name, network, own, kept)


@cache
def _shipped() -> Weights:
    """Read the weights of this installation, and check them against their model card."""
    weights = files("resources").joinpath("weights")
    try:
        with as_file(weights.joinpath("learned.safetensors")) as path:
            found = read_weights(path)
        whole = json.loads(weights.joinpath("learned.json").read_bytes())["sha256"]
    except (WeightsError, OSError, ValueError, LookupError) as error:
        raise _damaged() from error
    if found.sha256 != whole:
        raise _damaged()
    return found


def _damaged() -> WeightsError:
    return WeightsError(
        "The weights that come with Loupe (resources/weights) are damaged or not all there. "
        "Install Loupe again, or fit with --backbone gabor, which needs none."
    )


@cache
def _gabor_sha256() -> str:
    filters = fingerprint(GaborStack(GaborStack.STRIDES).state_dict())
    return hashlib.sha256(f"{filters} {IDENTITY}".encode()).hexdigest()
