from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import huggingface_hub.constants
import pytest
import safetensors.torch
import timm
import torch
import torchvision
from torch import Tensor, nn

from engine.components import backbone as module
from engine.components.backbone import Backbone, open_backbone, reopen_backbone
from engine.components.weights import fingerprint
from engine.errors import RecipeError, WeightsError

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@cache
def from_torchvision(name: str) -> nn.Module:
    """Make a network with random weights and statistics, so that no mix-up passes unseen."""
    torch.manual_seed(0)
    network: nn.Module = getattr(torchvision.models, name)(weights=None).eval()
    for key, tensor in network.state_dict().items():
        if key.endswith("running_var") or (tensor.ndim == 1 and key.endswith("weight")):
            tensor.uniform_(0.5, 1.5)
        elif tensor.ndim == 1 and tensor.is_floating_point():
            tensor.normal_(0, 0.1)
    return network


def saved(path: Path, state: dict[str, Tensor]) -> str:
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    return str(path)


def opened(name: str, weights: str, *layers: str) -> Backbone:
    return open_backbone(name, weights=weights, layers=layers, device=CPU)


def picture() -> Tensor:
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def outputs(network: nn.Module, names: list[str]) -> list[Tensor]:
    """Give what torchvision's own forward leaves behind its modules `names`."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> None:
        network.get_submodule(name).register_forward_hook(
            lambda _module, _given, found: seen.__setitem__(name, found)
        )

    for name in names:
        keep(name)
    with torch.inference_mode():
        network(picture())
    return [seen[name] for name in names]


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    yield saved(path, from_torchvision("resnet18").state_dict())
    path.unlink()


@pytest.fixture(autouse=True)
def _no_weights_stay_behind(tmp_path: Path) -> Iterator[None]:
    """Pytest keeps the folders of three runs; with these files that would be gigabytes."""
    yield
    for path in tmp_path.rglob("*.*"):
        if path.is_file():
            path.unlink()


class TestFeaturesEqualTorchvisions:
    @pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
    @pytest.mark.parametrize(
        ("ours", "theirs", "places"),
        [
            ("resnet18", "resnet18", ["layer1", "layer2", "layer3"]),
            ("efficientnet_b0", "efficientnet_b0", ["features.2", "features.3", "features.5"]),
            ("mobilenetv2_100", "mobilenet_v2", ["features.3", "features.6", "features.13"]),
        ],
    )
    def test_at_strides_4_8_and_16(
        self, tmp_path: Path, ours: str, theirs: str, places: list[str], suffix: str
    ) -> None:
        network = from_torchvision(theirs)
        path = saved(tmp_path / f"w{suffix}", network.state_dict())
        with torch.inference_mode():
            found = opened(ours, path, "4", "8", "16")(picture())
        for level, expected in zip(found, outputs(network, places), strict=True):
            assert level.shape == expected.shape
            assert float((level - expected).abs().max() / expected.abs().max()) < 1e-5

    @pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
    def test_kin_that_computes_otherwise_is_refused(self, tmp_path: Path, suffix: str) -> None:
        state = from_torchvision("mobilenet_v3_small").state_dict()
        path = saved(tmp_path / f"w{suffix}", state)
        with pytest.raises(WeightsError, match="do not belong to mobilenetv3_small_100"):
            opened("mobilenetv3_small_100", path)
        state = from_torchvision("efficientnet_b0").state_dict()
        path = saved(tmp_path / f"w{suffix}", state)
        with pytest.raises(WeightsError, match="do not belong to tf_efficientnet_b0"):
            opened("tf_efficientnet_b0", path)


class TestWeightsOfTimm:
    @pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0"])
    @pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
    def test_timms_own_names_are_taken(self, tmp_path: Path, name: str, suffix: str) -> None:
        torch.manual_seed(1)
        whole = timm.create_model(name, pretrained=False).eval()
        found = opened(name, saved(tmp_path / f"w{suffix}", whole.state_dict()))
        last = f"{found.layers[-1]}."
        expected = {k: t for k, t in whole.state_dict().items() if k.startswith(last)}
        assert expected
        for key, tensor in expected.items():
            assert torch.equal(found.state()[key], tensor)

    def test_a_wrapped_and_prefixed_checkpoint_sees_the_same(
        self, tmp_path: Path, resnet18: str
    ) -> None:
        state = from_torchvision("resnet18").state_dict()
        wrapped = {"epoch": 3, "state_dict": {f"module.{k}": t for k, t in state.items()}}
        torch.save(wrapped, tmp_path / "wrapped.pth")
        plain, other = opened("resnet18", resnet18), opened("resnet18", f"{tmp_path}/wrapped.pth")
        assert fingerprint(plain.state()) == fingerprint(other.state())
        assert plain.weights_sha256 != other.weights_sha256


class TestWrongWeights:
    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ("resnet18", "resnet50"),
            ("resnet18", "resnet34"),  # every shape of resnet18 is in resnet34
            ("resnet34", "resnet18"),
            ("resnet50", "resnext50_32x4d"),
            ("efficientnet_b0", "efficientnet_b1"),
            ("efficientnet_b0", "resnet18"),
            ("resnet18", "efficientnet_b0"),
        ],
    )
    def test_another_backbones_are_refused(self, tmp_path: Path, ours: str, theirs: str) -> None:
        path = saved(tmp_path / "w.pth", from_torchvision(theirs).state_dict())
        with pytest.raises(WeightsError, match=f"do not belong to {ours}. Name the backbone"):
            opened(ours, path)

    def test_resnet18_has_none_built_in(self) -> None:
        with pytest.raises(WeightsError, match=r"no built-in weights\. Give --weights timm"):
            opened("resnet18", "builtin")

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match="cannot be read"):
            opened("resnet18", str(tmp_path / "nowhere.pth"))


class TestLayers:
    def test_strides_8_and_16_by_default(self, resnet18: str) -> None:
        found = opened("resnet18", resnet18)
        assert found.layers == ("layer2", "layer3")
        shapes = [tuple(level.shape) for level in found(picture())]
        assert shapes == [(1, 128, 8, 8), (1, 256, 4, 4)]

    @pytest.mark.parametrize("layers", [("4", "16"), ("layer3", "layer1"), ("16", "layer1")])
    def test_by_stride_or_by_name_finest_first(
        self, resnet18: str, layers: tuple[str, ...]
    ) -> None:
        assert opened("resnet18", resnet18, *layers).layers == ("layer1", "layer3")

    def test_what_lies_behind_the_last_one_is_not_built(self, resnet18: str) -> None:
        assert not any(
            name.startswith("layer3") for name in opened("resnet18", resnet18, "8").state()
        )

    def test_an_unknown_layer_names_those_that_exist(self, resnet18: str) -> None:
        with pytest.raises(RecipeError, match=r"no layer layer9\. It has .*layer2 \(stride 8\)"):
            opened("resnet18", resnet18, "layer9")
        with pytest.raises(
            RecipeError, match=r"gabor has no layer 32\. It has stride4 \(stride 4\)"
        ):
            opened("gabor", "builtin", "32")

    @pytest.mark.parametrize(
        "name", ["resnet1000", "resnet18.no_such_tag", "", "hf-hub:timm/resnet18.a1_in1k"]
    )
    def test_an_unknown_backbone_names_some_that_exist(self, resnet18: str, name: str) -> None:
        with pytest.raises(RecipeError, match="Names such as resnet18"):
            opened(name, resnet18)


class TestFrozen:
    def test_nothing_in_it_learns(self, resnet18: str) -> None:
        found = opened("resnet18", resnet18)
        assert not found.network.training
        assert not any(parameter.requires_grad for parameter in found.network.parameters())
        before = fingerprint(found.state())
        found(picture())
        assert fingerprint(found.state()) == before

    def test_it_says_where_its_weights_came_from(self, resnet18: str) -> None:
        found = opened("resnet18", resnet18)
        assert (found.name, found.weights_origin) == ("resnet18", "resnet18.pth")

    def test_builtin_is_called_by_its_real_name(self) -> None:
        assert opened("builtin", "builtin").name == opened("learned", "builtin").name == "learned"


class TestReopening:
    def again(self, found: Backbone, sha256: str | None = None) -> Backbone:
        return reopen_backbone(
            found.name,
            layers=found.layers,
            origin=found.weights_origin,
            sha256=sha256 or found.weights_sha256,
            state=found.state(),
            device=CPU,
        )

    @pytest.mark.parametrize("name", ["resnet18", "gabor"])
    def test_a_release_sees_what_its_fit_saw(self, resnet18: str, name: str) -> None:
        found = opened(name, resnet18 if name == "resnet18" else "builtin")
        again = self.again(found)
        assert (again.layers, again.weights_sha256) == (found.layers, found.weights_sha256)
        for level, expected in zip(again(picture()), found(picture()), strict=True):
            assert torch.equal(level, expected)

    def test_other_built_in_weights_are_refused(self) -> None:
        with pytest.raises(WeightsError, match="Install the version it was fitted with"):
            self.again(opened("gabor", "builtin"), sha256="0" * 64)


class TestTimmOffline:
    @pytest.fixture(autouse=True)
    def _nowhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        # ".invalid" is never given to anybody (RFC 2606).
        monkeypatch.setattr(module, "ENDPOINT", "https://loupe.invalid")
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))

    def test_it_fails_fast_with_what_to_do(self) -> None:
        began = time.monotonic()
        with pytest.raises(
            WeightsError, match=r"could not be downloaded\. Connect .* --weights FILE"
        ):
            opened("resnet18", "timm")
        assert time.monotonic() - began < 30  # the download itself would try for longer

    def test_a_backbone_timm_has_no_weights_for(self) -> None:
        with pytest.raises(WeightsError, match="timm offers no weights for mobilenetv2_035"):
            opened("mobilenetv2_035", "timm")

    def test_weights_fetched_earlier_are_used(self, tmp_path: Path) -> None:
        hub = timm.get_pretrained_cfg("resnet18")
        snapshot = tmp_path / "cache" / f"models--{hub.hf_hub_id.replace('/', '--')}"
        (snapshot / "snapshots" / "abc").mkdir(parents=True)
        (snapshot / "refs").mkdir()
        (snapshot / "refs" / "main").write_text("abc")
        state = from_torchvision("resnet18").state_dict()
        saved(snapshot / "snapshots" / "abc" / "model.safetensors", state)
        found = opened("resnet18", "timm")
        assert found.weights_origin == f"timm:{hub.tag}"
        assert torch.equal(found.state()["conv1.weight"], state["conv1.weight"])
