"""Candidates for the one resize of preprocessing, on a 5-megapixel picture; rows for RESULTS.md.

``python -m tests.benchmarks.resize``: milliseconds to 224 × 224, and the difference in grey levels
from Pillow's antialiased bilinear, the reference of the published code.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter

import cv2
import numpy as np
import torch
from PIL import Image as PillowImage
from torch.nn import functional

from engine.types import Image
from tests.benchmarks.results import append_row, provenance

HEADING = "Resize of a 5-megapixel picture to 224 × 224"
SIDE = 224


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    noise = np.random.default_rng(0).integers(0, 256, (1944, 2592, 3), dtype=np.uint8)
    picture: Image = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)
    reference = pillow(picture).astype(int)
    for name, resize in CANDIDATES.items():
        off = np.abs(resize(picture).astype(int) - reference)
        row = {
            "candidate": name,
            "p50 ms": f"{median_ms(lambda resize=resize: resize(picture), chosen.rounds):.2f}",  # type: ignore[misc]
            "off by, mean": f"{off.mean():.3f}",
            "off by, most": str(off.max()),
            "command": "`python -m tests.benchmarks.resize`",
            "data": "blurred noise 2592 × 1944, seed 0",
            **provenance(),
        }
        print(row)
        if not chosen.dry:
            append_row(HEADING, row)


def pillow(picture: Image) -> Image:
    return np.asarray(
        PillowImage.fromarray(picture).resize((SIDE, SIDE), PillowImage.Resampling.BILINEAR)
    )


def pillow_reducing(picture: Image) -> Image:
    return np.asarray(
        PillowImage.fromarray(picture).resize(
            (SIDE, SIDE), PillowImage.Resampling.BILINEAR, reducing_gap=2.0
        )
    )


def torch_bytes(picture: Image) -> Image:
    return _torch(torch.from_numpy(picture).permute(2, 0, 1)[None])


def torch_float(picture: Image) -> Image:
    return _torch(torch.from_numpy(picture).permute(2, 0, 1)[None].float())


def cv2_area(picture: Image) -> Image:
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def cv2_linear(picture: Image) -> Image:
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


CANDIDATES: dict[str, Callable[[Image], Image]] = {
    "torch antialiased bilinear, uint8 (chosen)": torch_bytes,
    "torch antialiased bilinear, float32": torch_float,
    "Pillow bilinear": pillow,
    "Pillow bilinear, reducing_gap 2": pillow_reducing,
    "OpenCV INTER_AREA": cv2_area,
    "OpenCV INTER_LINEAR (not antialiased)": cv2_linear,
}


def _torch(planes: torch.Tensor) -> Image:
    resized = functional.interpolate(planes, (SIDE, SIDE), mode="bilinear", antialias=True)
    return resized[0].round().to(torch.uint8).permute(1, 2, 0).numpy()


def median_ms(call: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(3 + rounds):
        began = perf_counter()
        call()
        times.append((perf_counter() - began) * 1e3)
    return float(np.median(times[3:]))


if __name__ == "__main__":
    main()
