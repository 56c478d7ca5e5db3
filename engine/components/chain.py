"""A CNN as the chain of its modules: gives also what lies between its strides and behind them.

timm's ``features_only`` networks give one level for each stride. Mahalanobis AD looks at all levels
of an EfficientNet, stem and head among them, and of a ResNet at what its pooling leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import timm
import torch
from timm.models.efficientnet import EfficientNet
from timm.models.resnet import ResNet
from torch import Tensor, nn

from engine.components.weights import flat

ALL = "all"
"""Stands among a method's strides or a recipe's layers for all levels of a CNN: `all_levels`, or of
a CNN that has none of these the last layer of each stride."""


class Chain(nn.Sequential):
    """Modules run one after the other, up to the last one whose output is asked for.

    Parameters
    ----------
    links
        Modules by their names in the whole network, in the order in which they run.
    taps
        Names of those whose output is given.
    """

    def __init__(self, links: Mapping[str, nn.Module], taps: Sequence[str]) -> None:
        names = list(links)
        names = names[: max(map(names.index, taps)) + 1]
        super().__init__()
        for name in names:
            self.add_module(flat(name), links[name])  # a module's own name has no dot
        self._tapped = [name in taps for name in names]

    def forward(self, batch: Tensor) -> list[Tensor]:
        """Give the outputs of the taps, (B, C_l, h_l, w_l) each, in their order in the chain."""
        levels = []
        for link, tapped in zip(self, self._tapped, strict=True):
            batch = link(batch)
            if tapped:
                levels.append(batch)
        return levels


def open_chain(name: str, taps: Sequence[str]) -> Chain:
    """Make a timm CNN, with random weights, that gives the outputs of some of its `all_levels`."""
    network = timm.create_model(name, pretrained=False, num_classes=0)
    return Chain({link: network.get_submodule(link) for link in _links(network)}, taps)


def all_levels(name: str) -> tuple[str, ...]:
    """Name the levels of a timm CNN as Rippel et al. count them (ICPR 2020, §III-B).

    Of an EfficientNet nine: the stem behind its activation, the last block of each of the seven
    stages, and the head's 1 × 1 convolution behind its activation. Of a ResNet five: behind the
    pooling, and each of the four stages. Kin of the same build likewise; none of any other CNN.
    """
    with torch.device("meta"):  # names without numbers
        links = _links(timm.create_model(name, pretrained=False, num_classes=0))
    pooled = "maxpool" in links
    behind = ("conv1", "bn1", "act1") if pooled else ("conv_stem", "conv_head")
    return tuple(link for link in links if link not in behind)


def _links(network: nn.Module) -> tuple[str, ...]:
    """Name the modules of a network in the order in which they run."""
    match network:
        case EfficientNet():
            stages = (f"blocks.{number}" for number in range(len(network.blocks)))
            return ("conv_stem", "bn1", *stages, "conv_head", "bn2")
        case ResNet():
            return ("conv1", "bn1", "act1", "maxpool", "layer1", "layer2", "layer3", "layer4")
        case _:
            return ()
