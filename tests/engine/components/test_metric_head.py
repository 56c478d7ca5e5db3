"""The metric head: untrained it changes nothing, folded it gives the same, kept it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from engine.components.gabor import GaborStack
from engine.components.metric_head import (
    FINE,
    MetricHead,
    MetricStack,
    Surroundings,
    head_bytes,
    open_head,
)
from engine.errors import WeightsError

INPUTS = MetricHead().inputs
GABOR = GaborStack((8, 16))


def noise(size: int = 64, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(0))


def as_if_trained(hidden: int = 32) -> MetricHead:
    """Give a head of which every number differs from where training starts."""
    generator = torch.Generator().manual_seed(1)
    head = MetricHead(hidden)
    head.calibrate(Surroundings(GABOR)(noise()).flatten(0, 1))
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.03, generator=generator)
    return head.eval()


def as_a_map(patches: torch.Tensor) -> torch.Tensor:
    side = int(patches.shape[1] ** 0.5)
    return patches.transpose(1, 2).unflatten(2, (side, side))


def test_surroundings_are_average_maximum_and_the_coarser_cell() -> None:
    fine, coarse = GABOR(noise())
    seen = as_a_map(Surroundings(GABOR)(noise()))
    assert seen.shape == (2, INPUTS, 8, 8)
    assert torch.equal(seen[:, :FINE], functional.avg_pool2d(fine, 3, 1, 1))
    assert torch.equal(seen[:, FINE : 2 * FINE], functional.max_pool2d(fine, 3, 1, 1))
    assert seen.shape[1] == 2 * fine.shape[1] + coarse.shape[1]


def test_an_untrained_head_gives_the_averaged_patches() -> None:
    patches = Surroundings(GABOR)(noise())
    assert torch.equal(MetricHead()(patches), patches[..., :FINE])


@pytest.mark.parametrize("size", [64, 96, 224])
def test_folded_it_gives_the_same(size: int) -> None:
    head, batch = as_if_trained(), noise(size, batch=1)
    with torch.inference_mode():
        (folded,) = MetricStack(GABOR, head)(batch)
        written_out = as_a_map(head(Surroundings(GABOR)(batch)))
    assert folded.dtype == torch.float32
    assert (folded - written_out).abs().max() < 1e-5 * written_out.abs().max()


def test_a_kept_head_comes_back_in_half_precision(tmp_path: Path) -> None:
    head, path = as_if_trained(hidden=24), tmp_path / "head.safetensors"
    path.write_bytes(head_bytes(head))
    again = open_head(path)
    for name, tensor in head.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor.half().float())


def test_a_whole_head_is_small() -> None:
    assert len(head_bytes(MetricHead())) < 1_000_000


def test_other_weights_are_refused_in_a_sentence(tmp_path: Path) -> None:
    foreign, cut_off = tmp_path / "foreign.safetensors", tmp_path / "cut-off.safetensors"
    save_file({"conv1.weight": torch.zeros(3)}, foreign)
    with pytest.raises(WeightsError, match=r"foreign\.safetensors lacks .* metric head"):
        open_head(foreign)
    cut_off.write_bytes(head_bytes(MetricHead())[:5000])
    with pytest.raises(WeightsError, match="damaged"):
        open_head(cut_off)
