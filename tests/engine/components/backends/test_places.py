"""In which order back ends are tried, and what a PC may lack."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest
import torch

from engine.components.backbone import open_backbone
from engine.components.backends import places
from engine.components.backends.choice import choose_backend, fastest
from engine.components.backends.places import LAST, Place, places_for
from engine.errors import RecipeError
from engine.types import BackendName, Precision
from tests.small_parts import finished

CPU, GPU = torch.device("cpu"), torch.device("cuda")
TORCH, OPENVINO = BackendName.TORCH, BackendName.OPENVINO
F32, B16, F16 = Precision.FLOAT32, Precision.BFLOAT16, Precision.FLOAT16


def order(backend: BackendName, precision: Precision, device: str = "cpu") -> list[Place]:
    return list(places_for(backend, precision, device=device))


def test_the_own_back_end_comes_first_and_torch_in_float32_last() -> None:
    assert order(TORCH, F32) == [LAST]
    assert order(OPENVINO, F32) == [Place(OPENVINO, F32, CPU), LAST]
    assert order(TORCH, B16) == [Place(TORCH, B16, CPU), Place(OPENVINO, B16, CPU), LAST]
    assert order(OPENVINO, B16) == [Place(OPENVINO, B16, CPU), Place(TORCH, B16, CPU), LAST]


def test_with_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "open_device", lambda wish: CPU if wish == "cpu" else GPU)
    other = Place(OPENVINO, F16, GPU)
    assert order(TORCH, F16, "auto") == [Place(TORCH, F16, GPU), other, LAST]
    assert other.missing == "openvino computes on the processor only"
    assert order(TORCH, F32, "cuda")[0] == Place(TORCH, F32, GPU)
    assert order(TORCH, F32, "cuda")[-1] == LAST
    # OpenVINO's releases stay where they were fitted, unless a person says otherwise.
    assert order(OPENVINO, F32, "auto") == [Place(OPENVINO, F32, CPU), LAST]
    assert order(OPENVINO, F32, "cuda")[1] == Place(TORCH, F32, GPU)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Place(TORCH, F32, CPU).missing == ""
    assert Place(TORCH, F16, CPU).missing == "float16 needs a GPU"
    monkeypatch.setattr(places, "has_bfloat16", lambda _: False)
    assert Place(TORCH, B16, CPU).missing == "this processor has no bfloat16"
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert Place(OPENVINO, F32, CPU).missing == "openvino is not installed"


@pytest.mark.parametrize(
    ("torch_ms", "openvino_ms", "taken"),
    [(10.0, 8.9, OPENVINO), (10.0, 9.0, OPENVINO), (10.0, 9.5, TORCH), (10.0, 30.0, TORCH)],
)
def test_auto_takes_what_is_clearly_faster(
    torch_ms: float, openvino_ms: float, taken: BackendName
) -> None:
    assert fastest({TORCH: torch_ms, OPENVINO: openvino_ms}) is taken


def test_auto_measures_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("openvino") is None:
        pytest.skip("openvino is not installed")
    gabor = open_backbone("gabor", weights="builtin", layers=(), device=CPU)
    picture = torch.zeros(1, 3, 64, 64)
    found = finished(choose_backend(gabor, "auto", F32, picture, device=CPU))
    assert set(found.latency_ms) == {TORCH, OPENVINO}
    assert all(ms > 0 for ms in found.latency_ms.values())
    assert found.backbone.backend is fastest(found.latency_ms)
    assert found.backbone.precision is F32, "less of it is for a person to choose"
    monkeypatch.setitem(sys.modules, "openvino", None)
    alone = finished(choose_backend(gabor, "auto", F32, picture, device=CPU))
    assert (alone.backbone.backend, alone.latency_ms) == (TORCH, {})


@pytest.mark.parametrize(
    ("wish", "precision", "lacking"),
    [
        (TORCH, F16, "torch in float16 on cpu: float16 needs a GPU"),
        ("auto", F16, "torch in float16 on cpu: float16 needs a GPU"),
        (OPENVINO, F32, "openvino in float32 on cpu: openvino is not installed"),
    ],
)
def test_what_was_named_and_is_not_there_is_a_sentence(
    wish: BackendName, precision: Precision, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    gabor = open_backbone("gabor", weights="builtin", layers=(), device=CPU)
    steps = choose_backend(gabor, wish, precision, torch.zeros(1, 3, 64, 64), device=CPU)
    with pytest.raises(RecipeError, match=rf"gabor cannot be .*{lacking}\. Use --backend torch"):
        finished(steps)
