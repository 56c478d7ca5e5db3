from __future__ import annotations

import pytest
import torch

from engine.components.backbone import Backbone, open_backbone

CPU = torch.device("cpu")
STRIDES = ("4", "8", "16")


def opened(*layers: str) -> Backbone:
    return open_backbone("gabor", weights="builtin", layers=layers, device=CPU)


def noise(size: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [64, 96, 224, 320])
def test_one_cell_per_stride(size: int) -> None:
    for stride, level in zip(STRIDES, opened(*STRIDES)(noise(size)), strict=True):
        assert level.shape[-2:] == (size // int(stride), size // int(stride))
        assert level.dtype == torch.float32
        assert level.isfinite().all()


@pytest.mark.parametrize("stride", STRIDES)
def test_each_stride_alone_is_what_it_is_beside_the_others(stride: str) -> None:
    together = opened(*STRIDES)(noise(96))[STRIDES.index(stride)]
    (alone,) = opened(stride)(noise(96))
    assert torch.allclose(alone, together, atol=1e-5)


def test_the_same_picture_gives_the_same_features() -> None:
    for first, second in zip(opened(*STRIDES)(noise(96)), opened(*STRIDES)(noise(96)), strict=True):
        assert torch.equal(first, second)


def test_a_batch_is_its_pictures() -> None:
    batch = noise(64, batch=3)
    for number in range(3):
        alone = opened(*STRIDES)(batch[number : number + 1])
        for level, single in zip(opened(*STRIDES)(batch), alone, strict=True):
            assert torch.allclose(level[number : number + 1], single, atol=1e-5)


def test_grey_and_coloured_pictures_alike() -> None:
    coloured = noise(96)
    grey = coloured[:, :1].expand(1, 3, 96, 96)
    for picture in (coloured, grey, torch.zeros_like(coloured)):
        for level in opened(*STRIDES)(picture):
            assert level.isfinite().all()
            assert not level.requires_grad


def test_its_weights_have_one_hash_whatever_the_layers() -> None:
    hashes = {opened(*layers).weights_sha256 for layers in ((), ("4",), STRIDES)}
    assert len(hashes) == 1
