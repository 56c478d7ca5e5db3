"""Fit, hold out and score by the two methods of Gaussians, from feature maps that are there.

    python -m tests.benchmarks.gaussians [--dry] [--pictures 209]

The maps are noise in the shapes that resnet18 gives of 224 px; what they hold changes no time.
PaDiM's scoring reads its factors W once for each picture: the gigabytes per second tell how near
that comes to the memory's own speed, which is measured beside it by adding up as many bytes. On a
machine that does other things as well, the processor's time says more than the clock's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Sequence
from time import perf_counter, process_time
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from engine.methods.base import Method, Shape
from engine.methods.mahalanobis import MahalanobisAD
from engine.methods.padim import Padim
from engine.parameters import MahalanobisParameters, PadimParameters
from engine.preprocess import Preprocessing
from tests.benchmarks.results import append_row, provenance

HEADING = "Methods of Gaussians from cached features"
PADIM_SHAPES: Sequence[Shape] = ((64, 56, 56), (128, 28, 28), (256, 14, 14))
MAHALANOBIS_SHAPES: Sequence[Shape] = ((64, 56, 56), *PADIM_SHAPES, (512, 7, 7))
ROUNDS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=209)
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    preprocessing = Preprocessing(size=224)
    padim = Padim(PadimParameters(channels=100), preprocessing)
    mahalanobis = MahalanobisAD(MahalanobisParameters(), preprocessing)
    for method, shapes in ((padim, PADIM_SHAPES), (mahalanobis, MAHALANOBIS_SHAPES)):
        figures = measured(method, shapes, chosen.pictures)
        if method is padim:
            figures |= bandwidth(padim)
        else:
            figures |= {"W GB": "-", "W GB/s": "-", "memory GB/s": "-"}
        row = {
            "command": f"`python -m tests.benchmarks.gaussians --pictures {chosen.pictures}`",
            "method": method.title,
            "threads": str(torch.get_num_threads()),
            **figures,
            **provenance(),
        }
        print("\n".join(f"{label}: {value}" for label, value in row.items()), end="\n\n")
        if not chosen.dry:
            append_row(HEADING, row)


def levels(shapes: Sequence[Shape], seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(1, *shape, generator=generator) for shape in shapes]


def measured(method: Method, shapes: Sequence[Shape], pictures: int) -> dict[str, str]:
    """Fit, hold out and score."""
    fit_s = fit_cpu_s = 0.0
    for number in range(pictures):
        maps = levels(shapes, number)
        began, began_cpu = perf_counter(), process_time()
        with torch.inference_mode():
            method.collect(maps, picture=number, group=number)
        fit_s += perf_counter() - began
        fit_cpu_s += process_time() - began_cpu
    began_cpu = process_time()
    for_build = steps_ms(method.build(0))
    fit_s += sum(for_build) / 1e3
    fit_cpu_s += process_time() - began_cpu
    began_cpu = process_time()
    for_holding_out = steps_ms(method.leave_one_out())
    holding_out_cpu_s = process_time() - began_cpu
    longest_ms = max(*for_build, *for_holding_out)
    scoring = score_ms(method, levels(shapes, pictures))
    return {
        "fit s": f"{fit_s:.2f}",
        "processor s": f"{fit_cpu_s:.2f}",
        "leave-one-out s": f"{sum(for_holding_out) / 1e3:.2f}",
        "its processor s": f"{holding_out_cpu_s:.2f}",
        "longest step ms": f"{longest_ms:.0f}",
        "release MB": f"{len(safetensors.torch.save(method.state())) / 1e6:.1f}",
        "score p50 ms": f"{np.median(scoring):.2f}",
    }


def steps_ms(steps: Generator[Any, None, Any]) -> list[float]:
    """Run to the end; milliseconds of each step."""
    times = []
    while True:
        began = perf_counter()
        try:
            next(steps)
        except StopIteration:
            return [*times, (perf_counter() - began) * 1e3]
        times.append((perf_counter() - began) * 1e3)


def score_ms(method: Method, maps: Sequence[Tensor]) -> list[float]:
    def score() -> None:
        with torch.inference_mode():
            method.score(maps)

    return [timed_ms(score) for _ in range(ROUNDS)]


def bandwidth(padim: Padim) -> dict[str, str]:
    """How fast W is read, in turn with a plain sum over as many bytes."""
    whitening = padim._whitening
    assert whitening is not None
    offsets = torch.rand(1, *padim._mean.shape).permute(1, 2, 0)  # as in scoring
    read_gb = sum(block.numel() * block.element_size() for block in whitening._blocks) / 1e9
    plain = torch.rand(round(read_gb * 1e9 / 4))
    with torch.inference_mode():
        times = np.array(
            [
                (timed_ms(lambda: whitening(offsets)), timed_ms(lambda: plain.sum()))
                for _ in range(ROUNDS)
            ]
        )
    w_ms, sum_ms = np.median(times, axis=0)
    return {
        "W GB": f"{read_gb:.3f}",
        "W GB/s": f"{read_gb / w_ms * 1e3:.1f}",
        "memory GB/s": f"{read_gb / sum_ms * 1e3:.1f}",
    }


def timed_ms(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return (perf_counter() - began) * 1e3


if __name__ == "__main__":
    main()
