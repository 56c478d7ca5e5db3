"""What a backbone's forward pass takes, against timm's resnet18 through the same levels.

``python -m tests.benchmarks.forward [--size 224] [--threads N]``; rows for RESULTS.md. Each is
timed in turn with resnet18 (random weights: they change no time), so that what else the machine
does falls on both. Weights decide nothing here either: an untrained head stands for an adapted one.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from statistics import median

import timm
import torch
from torch import Tensor, nn

from engine.components.backbone import adapted_backbone, open_backbone
from engine.components.built_in import HEAD_STRIDES, Stack, open_stack
from engine.components.metric_head import MetricHead
from engine.device import open_device
from tests.benchmarks.results import append_row, provenance

HEADING = "Forward pass"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    device = open_device(chosen.device)
    torch.set_num_threads(chosen.threads)
    batch = torch.randn(1, 3, chosen.size, chosen.size, device=device)
    batch = batch.contiguous(memory_format=torch.channels_last)
    resnet = timm.create_model("resnet18", features_only=True, out_indices=(2, 3))
    beside = _frozen(resnet, device)
    for name, network in _networks(device).items():
        ours, theirs = _timed(network, beside, batch, chosen.pairs)
        row = {
            "backbone": name,
            "size": str(chosen.size),
            "threads": str(chosen.threads),
            "ms": f"{ours:.1f}",
            "resnet18 ms": f"{theirs:.1f}",
            "ratio": f"{ours / theirs:.2f}",
            "device": device.type,
            **provenance(),
        }
        print(json.dumps(row, ensure_ascii=False), flush=True)
        if not chosen.dry:
            append_row(HEADING, row)


def _networks(device: torch.device) -> dict[str, Callable[[Tensor], object]]:
    found: dict[str, Callable[[Tensor], object]] = {}
    for stack in Stack:
        found[stack] = open_backbone(stack, weights="builtin", layers=(), device=device)
        base = open_stack(stack, HEAD_STRIDES)
        adapted = adapted_backbone(base, MetricHead(), device=device)
        found[adapted.name] = adapted
    return found


def _frozen(network: nn.Module, device: torch.device) -> nn.Module:
    return network.requires_grad_(False).eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _timed(
    ours: Callable[[Tensor], object],
    theirs: Callable[[Tensor], object],
    batch: Tensor,
    pairs: int,
) -> tuple[float, float]:
    """Give the medians in ms; the first few pairs only warm up."""
    times: tuple[list[float], list[float]] = ([], [])
    with torch.inference_mode():
        for _ in range(pairs + 5):
            for network, kept in zip((ours, theirs), times, strict=True):
                began = time.perf_counter()
                network(batch)
                if batch.is_cuda:
                    torch.cuda.synchronize()
                kept.append((time.perf_counter() - began) * 1e3)
    return median(times[0][5:]), median(times[1][5:])


if __name__ == "__main__":
    main()
