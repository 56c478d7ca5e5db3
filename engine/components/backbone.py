"""Pretrained, frozen CNNs that give feature maps at chosen layers."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import timm
import torch
from huggingface_hub import hf_hub_download, try_to_load_from_cache
from huggingface_hub.constants import ENDPOINT
from huggingface_hub.errors import HfHubHTTPError
from torch import Tensor, nn

from engine.components.built_in import (
    DEFAULT_STRIDES,
    HEAD_STRIDES,
    OpenStack,
    Stack,
    open_stack,
    stack_named,
    tensors_of,
)
from engine.components.chain import ALL, all_levels, open_chain
from engine.components.gabor import GaborStack
from engine.components.metric_head import MetricHead, MetricStack, head_of
from engine.components.weights import COUNTER, Weights, fingerprint, fitted_to, read_weights
from engine.errors import RecipeError, WeightsError
from engine.types import BackendName, Precision

_ADAPTED = "-adapted"
"""Ending of the name of a backbone with a metric head of one release's own."""
_STACK, _HEAD = "stack.", "head."
"""Beginnings of the names of tensors that a release with an adapted backbone keeps."""
_TIMM_STRIDES = ("8", "16")
_CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Backbone:
    """A frozen network, the layers it gives and the hash of its weights.

    Attributes
    ----------
    name
        Real name: never ``builtin``.
    layers
        Names of the layers given, finest first.
    weights_origin
        ``builtin``, ``adapted``, a file's name or ``timm:<tag>``.
    weights_sha256
        Of the weights file, or of the tensors where there was no file.
    kept
        The tensors a release must keep, empty where the code itself makes them; None: all of the
        network's.
    compute
        Gives the feature maps in place of the network; None: the network does.
    backend, precision
        Of what gives them (see `engine.components.backends.serving`).
    """

    name: str
    layers: tuple[str, ...]
    weights_origin: str
    weights_sha256: str
    network: nn.Module
    kept: Mapping[str, Tensor] | None = None
    compute: Callable[[Tensor], list[Tensor]] | None = None
    backend: BackendName = BackendName.TORCH
    precision: Precision = Precision.FLOAT32

    def __call__(self, batch: Tensor) -> list[Tensor]:
        """Give the feature maps of (B, 3, S, T) normalised float32, (B, C_l, h_l, w_l) each."""
        levels: list[Tensor] = (self.compute or self.network)(batch)
        return levels

    def state(self) -> dict[str, Tensor]:
        """Give the tensors a release must keep; empty where the code itself makes them."""
        kept = self.network.state_dict() if self.kept is None else self.kept
        return {name: tensor.contiguous() for name, tensor in kept.items()}

    @property
    def is_adapted(self) -> bool:
        """Whether a metric head stands on it, which has seen each patch's neighbourhood."""
        return self.name.endswith(_ADAPTED)


def open_backbone(
    name: str,
    *,
    weights: str,
    layers: Sequence[str],
    device: torch.device,
    strides: Sequence[str] = _TIMM_STRIDES,
) -> Backbone:
    """Open a backbone with weights chosen in words.

    Parameters
    ----------
    name
        ``builtin``, a `Stack` or the name of a timm CNN.
    weights
        ``builtin``; ``timm``: download once to timm's own cache; else the path of a file.
    layers
        Layer names, strides as text, or `ALL`; empty: stride 8 for the Gabor stack, 8 and 16 for
        the learned one, `strides` for a timm CNN.
    strides
        What the method wants of a timm CNN; those it does not have are left out.

    Raises
    ------
    RecipeError
        No such backbone or layer.
    WeightsError
        The weights cannot be had or belong to another backbone.
    """
    stack = stack_named(name)
    if stack is not None:
        opened = _of_stack(stack, layers, tensors_of(weights), device)
        return (
            opened if weights == "builtin" else replace(opened, weights_origin=Path(weights).name)
        )
    if not timm.is_model(name):
        raise _no_such_backbone(name)
    if weights == "builtin":
        raise WeightsError(
            f"{name} has no built-in weights. Give --weights timm (downloads once), "
            "--weights FILE or --weights NAME (see `loupe weights list`), or use "
            "--backbone builtin."
        )
    # A wrong layer is said before any download.
    network, chosen = _timm_network(name, layers, strides)
    found = _download(name) if weights == "timm" else read_weights(Path(weights))
    return _filled(network, name, found, chosen, device)


def fill_backbone(
    name: str, found: Weights, *, layers: Sequence[str], device: torch.device
) -> Backbone:
    """Open a timm CNN with weights that were read from a file.

    Raises
    ------
    RecipeError
        No such backbone or layer.
    WeightsError
        The weights belong to another backbone.
    """
    network, chosen = _timm_network(name, layers)
    return _filled(network, name, found, chosen, device)


def open_base(name: str, *, weights: str) -> OpenStack:
    """Open what a metric head can stand on: any backbone with levels of strides 8 and 16.

    Parameters
    ----------
    name, weights
        As for `open_backbone`.

    Raises
    ------
    RecipeError
        No such backbone, or it lacks one of the levels.
    WeightsError
        The weights cannot be had or belong to another backbone.
    """
    stack = stack_named(name)
    if stack is not None:
        return open_stack(stack, HEAD_STRIDES, tensors_of(weights))
    found = open_backbone(name, weights=weights, layers=_TIMM_STRIDES, device=_CPU)
    return _timm_base(name, found.network)


def adapted_backbone(stack: OpenStack, head: MetricHead, *, device: torch.device) -> Backbone:
    """Put a head that was adapted to one part on its stack; the head is frozen by it.

    Parameters
    ----------
    stack
        As `open_base` gives it: open at the strides `HEAD_STRIDES`.
    """
    head.requires_grad_(False).eval()
    identity = f"{stack.sha256} {fingerprint(head.state_dict())}"
    sha256 = hashlib.sha256(identity.encode()).hexdigest()
    kept = {
        **{f"{_STACK}{name}": tensor for name, tensor in stack.kept.items()},
        **{f"{_HEAD}{name}": tensor for name, tensor in head.state_dict().items()},
    }
    network = _frozen(MetricStack(stack.network, head), device)
    return Backbone(f"{stack.name}{_ADAPTED}", ("stride8",), "adapted", sha256, network, kept)


def reopen_backbone(
    name: str,
    *,
    layers: Sequence[str],
    origin: str,
    sha256: str,
    state: Mapping[str, Tensor],
    device: torch.device,
) -> Backbone:
    """Open the backbone of a release from the tensors kept in it; nothing is downloaded.

    Raises
    ------
    WeightsError
        The built-in weights of this version are others than those the release was fitted with, or
        the tensors are not those of its backbone.
    """
    stack = stack_named(name)
    if stack is not None or name.endswith(_ADAPTED):
        if stack is not None:
            backbone = _of_stack(stack, layers, state, device)
        else:
            base = _kept_base(name.removesuffix(_ADAPTED), _under(_STACK, state), origin, sha256)
            head = head_of(Weights(_under(_HEAD, state), origin, sha256))
            backbone = adapted_backbone(base, head, device=device)
        if backbone.weights_sha256 != sha256:
            raise WeightsError(
                "This release was fitted with other built-in weights than this version of Loupe "
                "has. Install the version it was fitted with, or fit it again."
            )
        return backbone
    network, chosen = _timm_network(name, layers)
    kept = Weights(state, origin, sha256)
    network.load_state_dict(fitted_to(network, kept, backbone=name), strict=False)
    return Backbone(name, chosen, origin, sha256, _frozen(network, device))


def _of_stack(
    stack: Stack, layers: Sequence[str], kept: Mapping[str, Tensor] | None, device: torch.device
) -> Backbone:
    available = {f"stride{stride}": stride for stride in GaborStack.STRIDES}
    strides = {layer: str(stride) for layer, stride in available.items()}
    asked = tuple(strides) if ALL in layers else layers or DEFAULT_STRIDES[stack]
    chosen = _choose(asked, strides, stack)
    opened = open_stack(stack, [available[layer] for layer in chosen], kept)
    network = _frozen(opened.network, device)
    return Backbone(stack, chosen, "builtin", opened.sha256, network, opened.kept)


def _kept_base(name: str, kept: Mapping[str, Tensor], origin: str, sha256: str) -> OpenStack:
    """Open what a release keeps of the network below its head."""
    stack = stack_named(name)
    if stack is not None:
        return open_stack(stack, HEAD_STRIDES, kept)
    network, _ = _timm_network(name, _TIMM_STRIDES)
    fitted = fitted_to(network, Weights(kept, origin, sha256), backbone=name)
    network.load_state_dict(fitted, strict=False)
    return _timm_base(name, _frozen(network, _CPU))


def _timm_base(name: str, network: nn.Module) -> OpenStack:
    kept = {key: it for key, it in network.state_dict().items() if not key.endswith(COUNTER)}
    return OpenStack(name, network, fingerprint(kept), kept)


def _under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def strides_of(name: str) -> dict[str, str]:
    """Give the stride of every layer of a timm CNN, finest first.

    Raises
    ------
    RecipeError
        timm has no CNN of this name.
    """
    if not timm.is_model(name):  # timm would look for "hf-hub:…" by network
        raise _no_such_backbone(name)
    try:
        whole: Any = timm.create_model(name, pretrained=False, features_only=True)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise _no_such_backbone(name) from error
    info = whole.feature_info
    return dict(zip(info.module_name(), map(str, info.reduction()), strict=True))


def _timm_network(
    name: str, layers: Sequence[str], wanted: Sequence[str] = _TIMM_STRIDES
) -> tuple[nn.Module, tuple[str, ...]]:
    strides = strides_of(name)
    asked = tuple(layers or wanted)
    if ALL in asked:
        asked = all_levels(name) or tuple(strides)
    elif not layers:
        asked = tuple(stride for stride in wanted if stride in strides.values())
    if set(asked) <= {*strides, *strides.values()}:
        chosen = _choose(asked, strides, name)
        indices = tuple(list(strides).index(layer) for layer in chosen)
        # Only the layers asked for: what lies behind the last one is not even built.
        network: nn.Module = timm.create_model(
            name, pretrained=False, features_only=True, out_indices=indices
        )
        return network, chosen
    levels = {level: strides.get(level, "") for level in all_levels(name)}
    chosen = _choose(asked, levels or strides, name)
    return open_chain(name, chosen), chosen


def _filled(
    network: nn.Module, name: str, found: Weights, chosen: tuple[str, ...], device: torch.device
) -> Backbone:
    fitted = fitted_to(network, found, backbone=name, layers=chosen)
    network.load_state_dict(fitted, strict=False)
    return Backbone(name, chosen, found.origin, found.sha256, _frozen(network, device))


def _no_such_backbone(name: str) -> RecipeError:
    return RecipeError(
        f"timm has no CNN named {name!r} that gives feature maps. "
        "Names such as resnet18 or wide_resnet50_2 work."
    )


def _choose(wanted: Sequence[str], strides: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Translate layer names or strides to layer names, finest first."""
    by_stride = {stride: layer for layer, stride in strides.items()}
    chosen = {by_stride.get(layer, layer) for layer in wanted}
    unknown = sorted(chosen - strides.keys())
    if unknown:
        raise RecipeError(
            f"{name} has no layer {', '.join(unknown)}. "
            f"It has {', '.join(_described(layer, stride) for layer, stride in strides.items())}."
        )
    return tuple(layer for layer in strides if layer in chosen)


def _described(layer: str, stride: str) -> str:
    return f"{layer} (stride {stride})" if stride else layer


def _download(name: str) -> Weights:
    """Get timm's weights: from its cache, else once by network."""
    config = timm.get_pretrained_cfg(name)
    if config is None or not config.hf_hub_id:
        raise WeightsError(f"timm offers no weights for {name}. Give --weights FILE.")
    cached = try_to_load_from_cache(config.hf_hub_id, "model.safetensors")
    if not isinstance(cached, str):
        try:
            # Asked first because the download itself would retry for a minute; behind a proxy
            # only the proxy knows.
            if not getproxies():
                socket.getaddrinfo(urlsplit(ENDPOINT).hostname, 443)
            cached = hf_hub_download(config.hf_hub_id, "model.safetensors")
        except (OSError, HfHubHTTPError) as error:
            raise WeightsError(
                f"The weights of {name} could not be downloaded. Connect this PC to the internet "
                "once, or bring a weights file and give --weights FILE."
            ) from error
    found = read_weights(Path(cached))
    return Weights(found.tensors, f"timm:{config.tag}", found.sha256)


def _frozen(network: nn.Module, device: torch.device) -> nn.Module:
    network.requires_grad_(False).eval().to(device)
    return network.to(memory_format=torch.channels_last)
