from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import timm
import torch
from torch import Tensor, nn

from engine.components.backbone import Backbone, open_backbone, reopen_backbone
from engine.components.chain import ALL, all_levels
from engine.components.weights_library import WeightsLibrary
from engine.errors import RecipeError
from engine.methods.mahalanobis import MahalanobisAD

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
EFFICIENTNET = ["bn1", *(f"blocks.{number}" for number in range(7)), "bn2"]
RESNET = ["maxpool", "layer1", "layer2", "layer3", "layer4"]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Any, str]]]:
    """Whole networks with random weights and statistics, and the files they were saved to."""
    folder, made = tmp_path_factory.mktemp("weights"), {}
    for name in ("efficientnet_b0", "tf_efficientnet_b0", "resnet18"):
        torch.manual_seed(0)
        network = timm.create_model(name, pretrained=False).eval()
        for key, tensor in network.state_dict().items():
            if key.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif key.endswith("running_mean"):
                tensor.normal_(0, 0.1)
        path = folder / f"{name}.safetensors"
        safetensors.torch.save_file(network.state_dict(), path)
        made[name] = (network, str(path))
    yield made
    for _, file in made.values():
        Path(file).unlink()


def picture(side: int = 64) -> Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))


def seen_at(network: nn.Module, names: list[str], batch: Tensor) -> list[Tensor]:
    """What the whole network's own forward leaves behind its modules."""
    seen: dict[str, Tensor] = {}
    for name in names:
        network.get_submodule(name).register_forward_hook(
            lambda _module, _given, found, name=name: seen.__setitem__(name, found.clone())
        )
    with torch.inference_mode():
        network(batch)
    return [seen[name] for name in names]


def opened(file: str, name: str, *layers: str) -> Backbone:
    strides = MahalanobisAD.strides
    return open_backbone(name, weights=file, layers=layers, strides=strides, device=CPU)


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("efficientnet_b0", EFFICIENTNET),
        ("tf_efficientnet_b0", EFFICIENTNET),
        ("resnet18", RESNET),
    ],
)
class TestAllLevels:
    def test_they_are_what_the_whole_network_computes(
        self, networks: dict[str, tuple[Any, str]], name: str, levels: list[str]
    ) -> None:
        network, file = networks[name]
        backbone = opened(file, name)
        assert list(backbone.layers) == levels
        with torch.inference_mode():
            found = backbone(picture(76))  # not divisible by 32, as 380 is not
        for level, expected in zip(found, seen_at(network, levels, picture(76)), strict=True):
            assert torch.allclose(level, expected, rtol=1e-4, atol=1e-5 * float(expected.std()))

    def test_a_release_opens_them_again(
        self, networks: dict[str, tuple[Any, str]], name: str, levels: list[str]
    ) -> None:
        first = opened(networks[name][1], name)
        again = reopen_backbone(
            name,
            layers=first.layers,
            origin=first.weights_origin,
            sha256=first.weights_sha256,
            state=first.state(),
            device=CPU,
        )
        assert list(again.layers) == levels
        with torch.inference_mode():
            for level, expected in zip(again(picture()), first(picture()), strict=True):
                assert torch.equal(level, expected)

    def test_imported_weights_hold_them(
        self, networks: dict[str, tuple[Any, str]], name: str, levels: list[str], tmp_path: Path
    ) -> None:
        library = WeightsLibrary(tmp_path)
        library.add(Path(networks[name][1]), model=name, name="mine")
        library.verify("mine")
        assert list(opened(str(library.path("mine")), name).layers) == levels


@pytest.mark.parametrize(
    ("name", "lengths", "together"),
    [
        ("tf_efficientnet_b4", [48, 24, 32, 56, 112, 160, 272, 448, 1792], 2944),
        ("efficientnet_b5", [48, 24, 40, 64, 128, 176, 304, 512, 2048], 3344),
        ("resnet18", [64, 64, 128, 256, 512], 1024),
    ],
)
def test_the_levels_are_as_long_as_the_papers(
    name: str, lengths: list[int], together: int, tmp_path: Path
) -> None:
    file = tmp_path / "w.safetensors"
    safetensors.torch.save_file(timm.create_model(name, pretrained=False).state_dict(), file)
    backbone = opened(str(file), name)
    file.unlink()
    with torch.inference_mode():
        found = [level.shape[1] for level in backbone(picture())]
    assert found == lengths and sum(found) == together


def test_only_what_is_asked_for_is_built(networks: dict[str, tuple[Any, str]]) -> None:
    backbone = opened(networks["efficientnet_b0"][1], "efficientnet_b0", "bn1", "blocks.3")
    assert backbone.layers == ("bn1", "blocks.3")
    assert not any(name.startswith(("blocks_4", "conv_head")) for name in backbone.state())


def test_a_layer_may_be_named_beside_a_stride(networks: dict[str, tuple[Any, str]]) -> None:
    assert opened(networks["resnet18"][1], "resnet18", "maxpool", "8").layers == (
        "maxpool",
        "layer2",
    )
    with pytest.raises(RecipeError, match=r"no layer blocks\.9\. It has bn1, blocks\.0"):
        opened(networks["efficientnet_b0"][1], "efficientnet_b0", "bn1", "blocks.9")


def test_a_cnn_that_is_no_chain_gives_each_stride() -> None:
    assert all_levels("densenet121") == ()
    assert open_backbone("gabor", weights="builtin", layers=(ALL,), device=CPU).layers == (
        "stride4",
        "stride8",
        "stride16",
    )
