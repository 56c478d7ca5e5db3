"""Every back end gives the feature maps that torch gives in float32, and leaves them alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

from engine.components.backbone import Backbone, adapted_backbone, open_backbone
from engine.components.backends.places import Place
from engine.components.backends.serving import served
from engine.components.built_in import HEAD_STRIDES, Stack, open_stack
from engine.components.metric_head import MetricHead
from engine.components.weights import fingerprint
from engine.device import has_bfloat16
from engine.errors import BackendError
from engine.preprocess import Preprocessing
from engine.types import BackendName, Precision

CPU = torch.device("cpu")
needs_bfloat16 = pytest.mark.skipif(not has_bfloat16(CPU), reason="this processor has no bfloat16")


def batch(count: int = 1, height: int = 64, width: int = 64) -> Tensor:
    noise = torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(count))
    return noise.contiguous(memory_format=torch.channels_last)


def as_shipped(stack: Stack) -> Backbone:
    return open_backbone(stack, weights="builtin", layers=("4", "8", "16"), device=CPU)


def adapted() -> Backbone:
    torch.manual_seed(0)
    head = MetricHead(hidden=8)
    for matrix in (head.leave.weight, head.linear.weight):
        nn.init.normal_(matrix, std=0.1)
    return adapted_backbone(open_stack(Stack.LEARNED, HEAD_STRIDES), head, device=CPU)


def of_timm(name: str) -> Backbone:
    torch.manual_seed(0)
    network = timm.create_model(name, features_only=True, out_indices=(1, 2, 3))
    network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
    return Backbone(name, ("a", "b", "c"), "random", "0" * 64, network)


BACKBONES: dict[str, Callable[[], Backbone]] = {
    "gabor": lambda: as_shipped(Stack.GABOR),
    "learned": lambda: as_shipped(Stack.LEARNED),
    "adapted": adapted,
    "resnet18": lambda: of_timm("resnet18"),
    # Pads by what it computes from the picture's size.
    "tf_efficientnet_b0": lambda: of_timm("tf_efficientnet_b0"),
}


def openvino(precision: Precision = Precision.FLOAT32) -> Place:
    # Not `importorskip`: the plain import reports to OpenVINO's maker.
    if find_spec("openvino") is None:
        pytest.skip("openvino is not installed")
    return Place(BackendName.OPENVINO, precision, CPU)


def largest_error(found: list[Tensor], expected: list[Tensor]) -> float:
    """Give the largest ‖Δ‖ / ‖expected‖ of the levels."""
    return max(
        float((one - other).norm() / other.norm())
        for one, other in zip(found, expected, strict=True)
    )


@torch.inference_mode()
@pytest.mark.parametrize(
    "name",
    [
        "gabor",
        "learned",
        "adapted",
        "resnet18",
        pytest.param("tf_efficientnet_b0", marks=pytest.mark.slow),
    ],
)
def test_openvino_gives_the_same_maps(name: str) -> None:
    backbone = BACKBONES[name]()
    given = batch(2, 64, 96)
    found, expected = served(backbone, openvino())(given), backbone(given)
    assert [level.shape for level in found] == [level.shape for level in expected]
    assert all(level.dtype == torch.float32 for level in found)
    assert largest_error(found, expected) < 1e-5


@needs_bfloat16
@torch.inference_mode()
@pytest.mark.parametrize(
    "name",
    [
        "learned",
        "resnet18",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("gabor", "adapted")),
    ],
)
@pytest.mark.parametrize("backend", BackendName)
def test_bfloat16_gives_them_to_two_digits(name: str, backend: BackendName) -> None:
    if backend is BackendName.OPENVINO:
        openvino()
    backbone = BACKBONES[name]()
    found = served(backbone, Place(backend, Precision.BFLOAT16, CPU))(batch())
    assert all(level.dtype == torch.float32 for level in found)
    assert 1e-5 < largest_error(found, backbone(batch())) < 2e-2


@torch.inference_mode()
def test_a_runner_takes_any_size_and_keeps_its_hands_off_what_it_gave() -> None:
    backbone = BACKBONES["resnet18"]()
    runner = served(backbone, openvino())
    first = runner(batch())
    before = [level.clone() for level in first]
    assert all(level.is_contiguous(memory_format=torch.channels_last) for level in first)
    planes = batch().contiguous()
    assert all(map(torch.equal, runner(planes), before)), "in any memory"
    for given in (batch(1, 96, 64), batch(3), batch() * 2):
        assert largest_error(runner(given), backbone(given)) < 1e-5
    assert all(map(torch.equal, first, before))


@needs_bfloat16
@pytest.mark.parametrize("backend", BackendName)
def test_what_a_release_keeps_is_never_reduced(backend: BackendName) -> None:
    if backend is BackendName.OPENVINO:
        openvino()
    backbone = BACKBONES["resnet18"]()
    before = fingerprint(backbone.state())
    runner = served(backbone, Place(backend, Precision.BFLOAT16, CPU))
    runner(batch())
    assert fingerprint(runner.state()) == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this PC has no GPU")
@torch.inference_mode()
@pytest.mark.parametrize("name", ["gabor", "learned", "adapted", "resnet18"])
@pytest.mark.parametrize("precision", [Precision.BFLOAT16, Precision.FLOAT16])
def test_half_the_bits_on_a_gpu(name: str, precision: Precision) -> None:
    gpu = torch.device("cuda")
    backbone = BACKBONES[name]()
    expected = backbone(batch())
    backbone.network.to(gpu)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    staged = Preprocessing(size=64).tensor(pictures, gpu)
    assert torch.equal(staged.cpu(), Preprocessing(size=64).tensor(pictures, CPU))
    found = served(backbone, Place(BackendName.TORCH, precision, gpu))(batch().to(gpu))
    assert all(level.dtype == torch.float32 for level in found)
    assert largest_error([level.cpu() for level in found], expected) < 2e-2


@torch.inference_mode()
def test_torch_in_float32_is_the_network_itself() -> None:
    backbone = as_shipped(Stack.LEARNED)
    runner = served(backbone, Place(BackendName.TORCH, Precision.FLOAT32, CPU))
    assert all(map(torch.equal, runner(batch()), backbone.network(batch())))


class OfNoTranslation(nn.Module):
    """Computes by an operator of torch's own that no other library knows."""

    def forward(self, given: Tensor) -> list[Tensor]:
        return [torch.special.modified_bessel_i1(given)]


@torch.inference_mode()
def test_a_network_that_openvino_cannot_compute_is_a_clause() -> None:
    backbone = Backbone("odd", ("a",), "none", "0" * 64, OfNoTranslation())
    with pytest.raises(BackendError, match="openvino cannot compute this network"):
        served(backbone, openvino())(batch())


def test_nothing_is_reported_to_anybody(tmp_path: Path) -> None:
    """The plain import of OpenVINO notes an id in the home folder and sends it out."""
    openvino()
    program = (
        "import socket, sys\n"
        "def refuse(*_): print('connects')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "import torch\n"
        "from engine.components.backends.openvino_network import OpenVinoNetwork\n"
        "from engine.types import Precision\n"
        "class Halving(torch.nn.Module):\n"
        "    def forward(self, batch): return [torch.nn.functional.avg_pool2d(batch, 2)]\n"
        "OpenVinoNetwork(Halving(), Precision.FLOAT32)(torch.zeros(1, 3, 32, 32))\n"
        "print([name for name in sys.modules if name.startswith('openvino_telemetry.')])\n"
    )
    home = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "USERPROFILE": str(tmp_path)}
    without_ci = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=without_ci | home,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert not list(tmp_path.glob("[iI]ntel*"))
