"""What each method adds to the bare backbone, with banks as large as usual; rows for RESULTS.md.

``python -m tests.benchmarks.method_speed [--backbone resnet18|builtin] [--methods …] [--backend …
--precision …]``: one picture of 224, from the normalised batch to image score and shown map, in
turn with the forward pass of the same layers. Weights (of resnet18) and what was fitted on are
random: no time depends on them but where rows can be ruled out, which random ones make harder. A
method whose numbers of rows are not set in CASES is fitted with its defaults on a few pictures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import timm
import torch
from torch import Tensor

from engine.components.anomaly_map import MapEnlarger
from engine.components.backbone import Backbone, open_backbone
from engine.components.backends.places import Place
from engine.components.backends.serving import served
from engine.device import open_device
from engine.methods import METHODS
from engine.methods.base import Method
from engine.parameters import PARAMETERS
from engine.preprocess import Preprocessing
from engine.types import BackendName, MethodName, Precision
from tests.benchmarks.results import append_row, provenance

HEADING = "Methods against the bare backbone"
SIZE = 224
WARM_UP = 5
ROWS = 1638
"""1 % of the 163 856 patches of 209 pictures."""
FITTED = 3 * 784
"""Patches of three pictures, of which that many rows are kept."""


@dataclass(frozen=True)
class Case:
    """A method as it is to be measured."""

    method: str
    settings: dict[str, Any] = field(default_factory=dict)
    pictures: int = 3
    what: str = "as by default"


_ONE_PERCENT = {"coreset": (ROWS + 0.5) / FITTED}
_EXACT = {**_ONE_PERCENT, "search": "exact"}
_SCREENED = {**_ONE_PERCENT, "search": "screened"}
CASES = (
    Case("mahalanobis", {}, 209, "209 pictures"),
    Case("patchcore", _EXACT, 3, f"{ROWS} rows, exact"),
    Case("patchcore", _SCREENED, 3, f"{ROWS} rows, screened"),
    Case("padim", {"channels": 100}, 3, "100 channels"),
    Case("reconpatch", _EXACT, 3, f"{ROWS} rows, exact"),
    Case("reconpatch", _SCREENED, 3, f"{ROWS} rows, screened"),
    Case("cfa", {"gamma_d": 2}, 3, "γ_d = 2"),
    Case("spade", {"map_neighbours": 5}, 20, "K_pix = 5"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="resnet18", choices=["resnet18", "builtin"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--backend", type=BackendName, default=BackendName.TORCH)
    parser.add_argument("--precision", type=Precision, default=Precision.FLOAT32)
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    device = open_device("cpu")
    known = {case.method for case in CASES}
    others = tuple(Case(name) for name in METHODS if name not in known)
    for case in (*CASES, *others):
        if case.method not in METHODS or case.method not in chosen.methods:
            continue
        name = MethodName(case.method)
        place = Place(chosen.backend, chosen.precision, device)
        backbone = served(opened(chosen.backbone, METHODS[name].strides, device), place)
        preprocessing = Preprocessing(size=SIZE)
        parameters = PARAMETERS[name](**case.settings).settled(backbone.name, adapted=False)
        method = METHODS[name](parameters, preprocessing)
        finished(fit(method, backbone, case.pictures))
        batch = drawn(1000)
        bare, whole = in_turn(
            partial(backbone, batch),
            partial(inspected, method, backbone, enlarger(preprocessing, backbone, batch), batch),
            chosen.rounds,
        )
        row = {
            "method": METHODS[name].title,
            "what": case.what,
            "backbone": f"{backbone.name}, {len(backbone.layers)} layers",
            "computed by": f"{place.backend}, {place.precision}",
            "forward p50 ms": f"{np.median(bare):.1f}",
            "with score and map p50 ms": f"{np.median(whole):.1f}",
            "ratio of pairs, median": f"{np.median(whole / bare):.2f}",
            "rounds": str(chosen.rounds),
            "threads": str(chosen.threads),
            **provenance(),
        }
        print(json.dumps(row, ensure_ascii=False), flush=True)
        if not chosen.dry:
            append_row(HEADING, row)


def opened(name: str, strides: tuple[str, ...], device: torch.device) -> Backbone:
    """Open a backbone with the layers a method wants; resnet18 with random weights."""
    if name == "builtin":
        return open_backbone(name, weights="builtin", layers=(), strides=strides, device=device)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch, "weights.safetensors")
        state = timm.create_model(name, pretrained=False).state_dict()
        safetensors.torch.save_file(state, weights)
        return open_backbone(name, weights=str(weights), layers=(), strides=strides, device=device)


def drawn(seed: int) -> Tensor:
    """Give a normalised batch of one, (1, 3, 224, 224) float32, of noise with some structure."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, 3, SIZE // 16, SIZE // 16, generator=generator)
    fine = torch.randn(1, 3, SIZE, SIZE, generator=generator)
    enlarged = torch.nn.functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear")
    return (enlarged + 0.3 * fine).contiguous(memory_format=torch.channels_last)


def fit(method: Method, backbone: Backbone, pictures: int) -> Generator[Any, None, None]:
    for number in range(pictures):
        with torch.inference_mode():
            method.collect(backbone(drawn(number)), picture=number, group=number)
        yield
    yield from method.build(0)


def finished(steps: Generator[Any, None, None]) -> None:
    for _ in steps:
        pass


def enlarger(preprocessing: Preprocessing, backbone: Backbone, batch: Tensor) -> MapEnlarger:
    grid = backbone(batch)[0].shape[-2:]
    return MapEnlarger(preprocessing.counted(*grid), preprocessing.counted(SIZE, SIZE))


def inspected(method: Method, backbone: Backbone, enlarge: MapEnlarger, batch: Tensor) -> None:
    scores = method.score(backbone(batch))
    if scores.map is not None:
        enlarge(scores.map[0])


def in_turn(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Time two calls alternately; milliseconds of each, (rounds,) float64 twice."""
    times = np.empty((WARM_UP + rounds, 2))
    with torch.inference_mode():
        for number in range(len(times)):
            for column, call in enumerate((first, second)):
                began = time.perf_counter()
                call()
                times[number, column] = (time.perf_counter() - began) * 1e3
    return times[WARM_UP:, 0], times[WARM_UP:, 1]


if __name__ == "__main__":
    main()
