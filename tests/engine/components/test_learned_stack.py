"""The learned stack: untrained it is the Gabor stack, and its weights go through a file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.components.gabor import GaborStack
from engine.components.learned_stack import (
    GABOR_CHANNELS,
    LearnedStack,
    stack_bytes,
    stack_of,
)
from engine.components.weights import Weights, read_weights
from engine.errors import WeightsError

BATCH = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def trained() -> LearnedStack:
    """Give a stack with weights of no meaning that half precision holds exactly."""
    torch.manual_seed(0)
    stack = LearnedStack()
    stack.calibrate(BATCH)
    for parameter in stack.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    for tensor in stack.trained().values():
        tensor.copy_(tensor.half())
    return stack.requires_grad_(False)


def test_untrained_it_is_the_gabor_stack() -> None:
    stack = LearnedStack()
    stack.calibrate(BATCH)
    for level, gabor in zip(stack(BATCH), GaborStack((4, 8, 16))(BATCH), strict=True):
        assert torch.equal(level, gabor)


def test_it_gives_the_strides_asked_for() -> None:
    fine, coarse = stack_of(Weights(trained().trained(), "test", ""), (4, 16))(BATCH)
    assert fine.shape == (2, GABOR_CHANNELS[4], 16, 16)
    assert coarse.shape == (2, GABOR_CHANNELS[16], 4, 4)
    assert torch.equal(fine, trained()(BATCH)[0])


def test_every_layer_counts() -> None:
    stack = trained()
    before = stack(BATCH)[-1]
    for name, tensor in stack.named_parameters():
        if name.startswith("stages.4.correct") or name.startswith("stages.4.scale"):
            continue  # of stride 4 alone
        if name.startswith("stages.8.correct") or name.startswith("stages.8.scale"):
            continue
        kept = tensor.clone()
        tensor.add_(0.1)
        assert not torch.equal(stack(BATCH)[-1], before), name
        tensor.copy_(kept)


def test_its_weights_go_through_a_file(tmp_path: Path) -> None:
    stack = trained()
    (tmp_path / "stack.safetensors").write_bytes(stack_bytes(stack))
    again = stack_of(read_weights(tmp_path / "stack.safetensors"))
    assert all(map(torch.equal, again(BATCH), stack(BATCH)))


def test_other_weights_are_refused() -> None:
    with pytest.raises(WeightsError, match="do not belong to Loupe's learned stack"):
        stack_of(Weights({"conv1.weight": torch.zeros(1)}, "resnet.pth", ""))
