"""What one picture through a backbone takes with each back end and precision, in turn.

``python -m tests.benchmarks.backends [--size 224] [--rounds 40]``; a row per backbone for
RESULTS.md. Weights decide nothing about time, so timm's networks have random ones. All back ends of
a backbone are timed in turn in one process, so that what else the machine does falls on all of
them; beside each median stands its share of torch's in float32. ``opened`` is what OpenVINO's
translation and first picture take, once per release. What bfloat16 is worth depends on the
processor, so each row says whether it has it in vectors (avx512_bf16) or in tiles (amx_bf16).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from statistics import median

import timm
import torch
from torch import Tensor

from engine.components.backbone import Backbone, adapted_backbone, open_backbone
from engine.components.backends.places import Place
from engine.components.backends.serving import served
from engine.components.built_in import HEAD_STRIDES, Stack, open_stack
from engine.components.metric_head import MetricHead
from engine.device import open_device
from engine.types import BackendName, Precision
from tests.benchmarks.results import append_row, provenance

HEADING = "Back ends: one picture through the backbone"
WARM_UP = 3
CPU = torch.device("cpu")
BACKBONES: dict[str, Callable[[], Backbone]] = {
    "builtin": lambda: open_backbone("builtin", weights="builtin", layers=(), device=CPU),
    "builtin, adapted": lambda: adapted_backbone(
        open_stack(Stack.LEARNED, HEAD_STRIDES), MetricHead(), device=CPU
    ),
    "gabor": lambda: open_backbone("gabor", weights="builtin", layers=(), device=CPU),
    "resnet18, strides 8 + 16": lambda: of_timm("resnet18", (2, 3)),
    "resnet18, strides 4 + 8 + 16": lambda: of_timm("resnet18", (1, 2, 3)),
    "wide_resnet50_2, strides 8 + 16": lambda: of_timm("wide_resnet50_2", (2, 3)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", choices=BACKBONES, action="append")
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    open_device("cpu")
    torch.set_num_threads(chosen.threads)
    batch = torch.randn(1, 3, chosen.size, chosen.size).contiguous(
        memory_format=torch.channels_last
    )
    for name in chosen.only or BACKBONES:
        row = {
            "backbone": name,
            "size": str(chosen.size),
            "threads": str(chosen.threads),
            **measured(BACKBONES[name](), batch, chosen.rounds),
            **provenance(),
        }
        print(json.dumps(row, ensure_ascii=False), flush=True)
        if not chosen.dry:
            append_row(HEADING, row)


@torch.inference_mode()
def measured(backbone: Backbone, batch: Tensor, rounds: int) -> dict[str, str]:
    """Give the cells of a row, in ms; a dash where the processor or an installation lacks it."""
    runners: dict[str, Backbone] = {}
    opened = "–"
    for place in places():
        label = f"{place.backend} {place.precision} ms"
        if place.missing:
            continue
        began = time.perf_counter()
        runners[label] = served(backbone, place)
        runners[label](batch)
        if place == Place(BackendName.OPENVINO, Precision.FLOAT32, CPU):
            opened = f"{time.perf_counter() - began:.1f}"
    times: dict[str, list[float]] = {label: [] for label in runners}
    for _ in range(WARM_UP + rounds):
        for label, runner in runners.items():
            began = time.perf_counter()
            runner(batch)
            times[label].append((time.perf_counter() - began) * 1e3)
    medians = {label: median(taken[WARM_UP:]) for label, taken in times.items()}
    first = next(iter(medians.values()))
    cells = {label: f"{ms:.1f} ({ms / first:.2f})" for label, ms in medians.items()}
    labels = [f"{place.backend} {place.precision} ms" for place in places()]
    return {label: cells.get(label, "–") for label in labels} | {"opened s": opened}


def places() -> Iterator[Place]:
    for backend in BackendName:
        for precision in (Precision.FLOAT32, Precision.BFLOAT16):
            yield Place(backend, precision, CPU)


def of_timm(name: str, levels: tuple[int, ...]) -> Backbone:
    torch.manual_seed(0)
    network = timm.create_model(name, features_only=True, out_indices=levels)
    network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
    return Backbone(name, tuple(map(str, levels)), "random", "0" * 64, network)


if __name__ == "__main__":
    main()
