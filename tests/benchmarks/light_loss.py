"""A fading light, a light that goes out, and lines on which nothing changes; rows for RESULTS.md.

``[LOUPE_PARTS=<folder in MVTec layout>] python -m tests.benchmarks.light_loss [--part ring …]``

Drawn parts measure how soon a loss of light is told and how often a sound line is; the labelled
pictures of LOUPE_PARTS, where it is set, how often sound and defective parts are taken for faults.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import thread_time

import cv2
import numpy as np

from engine.errors import UnfitPictureError
from engine.evaluation.datasets import open_dataset
from engine.picture_health.baseline import HealthBaseline, baseline
from engine.picture_health.measure import PictureHealth, measure_health
from engine.picture_health.reading import check_health, read_health
from engine.picture_health.trend import HealthTrend
from engine.pictures import FilePicture
from engine.preprocess import Preprocessing
from engine.synthetic.parts.parts import PARTS, Defect, draw_part
from engine.types import Image
from tests.benchmarks.results import append_row, provenance

PREPROCESSING = Preprocessing(size=224)
LOSS, OVER_PARTS = 0.10, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--fit", type=int, default=50, help="good pictures of the baseline")
    parser.add_argument("--parts", type=int, default=2000, help="unchanged good parts")
    parser.add_argument("--fades", type=int, default=10, help="times the light fades")
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for part in chosen.part:
        row = drawn(part, n_fit=chosen.fit, n_unchanged=chosen.parts, n_fades=chosen.fades)
        write("Loss of light on drawn parts", row, dry=chosen.dry)
    if "LOUPE_PARTS" in os.environ:
        folder = Path(os.environ["LOUPE_PARTS"])
        write("Picture health of labelled pictures", labelled(folder), dry=chosen.dry)
    write("Cost of picture health", cost(), dry=chosen.dry)


def write(heading: str, row: dict[str, str], *, dry: bool) -> None:
    row |= provenance()
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not dry:
        append_row(heading, row)


def drawn(part: str, *, n_fit: int, n_unchanged: int, n_fades: int) -> dict[str, str]:
    usual = baseline(list(line(part, n_fit, seed=0)))
    fades = [told_at(usual, line(part, OVER_PARTS, seed=2 + n, fade=LOSS)) for n in range(n_fades)]
    in_time = sorted(at for at in fades if at is not None)
    off = [is_fault(health, usual) for health in line(part, 20, seed=10_000, lost=1.0)]
    torn = [is_fault(measured(image), usual) for image in torn_pictures(part, 40)]
    halved = [is_fault(measured(image), usual) for image in halved_pictures(part, 40)]
    defective = list(defective_parts(part, 200))
    unchanged = list(line(part, n_unchanged, seed=1))
    trend = HealthTrend(usual)
    sentences = [trend.took(read_health(health, usual)) for health in unchanged]
    return {
        "part": part,
        "fitted on": str(n_fit),
        f"{LOSS:.0%} less light over {OVER_PARTS} parts": f"told in {len(in_time)} of {n_fades}",
        "at part (median, last)": f"{np.median(in_time):.0f}, {in_time[-1]}" if in_time else "-",
        "light off": share(off),
        "half transmitted": share(halved),
        "two exposures in one": share(torn),
        "defective, strength 1": share([is_fault(health, usual) for health in defective]),
        "unchanged good parts": str(n_unchanged),
        **counted(unchanged, usual),
        "drifts told": str(sum(bool(said) and "again" not in said for said in sentences)),
    }


def line(
    part: str, count: int, *, seed: int, fade: float = 0.0, lost: float = 0.0
) -> Iterator[PictureHealth]:
    """Measure drawn good parts; the light is lost, or fades evenly to the last of them."""
    for number in range(1, count + 1):
        rng = np.random.default_rng([seed, number])
        drawn = draw_part(part, rng, light_loss=lost + fade * number / count)
        yield measured(drawn.image)


def torn_pictures(part: str, count: int) -> Iterator[Image]:
    """Give pictures that end with the next part, which has moved on by a twentieth of the width."""
    rng = np.random.default_rng(3)
    for number in range(count):
        image, following = (
            draw_part(part, np.random.default_rng([4, number + k])).image for k in (0, 1)
        )
        row, moved = int(rng.uniform(0.2, 0.8) * len(image)), image.shape[1] // 20
        yield np.concatenate([image[:row], np.roll(following, moved, axis=1)[row:]])


def halved_pictures(part: str, count: int) -> Iterator[Image]:
    """Give pictures of which the lower half is one colour, or the last row again."""
    for number in range(count):
        image = draw_part(part, np.random.default_rng([5, number])).image.copy()
        half = len(image) // 2
        image[half:] = (0, 128, image[half - 1])[number % 3]
        yield image


def defective_parts(part: str, count: int) -> Iterator[PictureHealth]:
    kinds = PARTS[part].kinds
    for number in range(count):
        defect = Defect(kinds[number % len(kinds)])
        yield measured(draw_part(part, np.random.default_rng([6, number]), defect=defect).image)


def share(faults: Sequence[bool]) -> str:
    return f"{sum(faults)} of {len(faults)} a fault"


def told_at(usual: HealthBaseline, parts: Iterator[PictureHealth]) -> int | None:
    """Give the number of the part at which the trend says that the light fades, from 1."""
    trend = HealthTrend(usual)
    for number, health in enumerate(parts, start=1):
        if "light is" in (trend.took(read_health(health, usual)) or ""):
            return number
    return None


def labelled(folder: Path) -> dict[str, str]:
    """Fit the baseline on half of the good pictures, and look at the others and the defective."""
    dataset = open_dataset(folder)
    good = [of_file(path) for path in dataset.train_good]
    order = np.random.default_rng(0).permutation(len(good))
    fitted, others = (
        [good[i] for i in half] for half in (order[: len(good) // 2], order[len(good) // 2 :])
    )
    usual = baseline(fitted)
    defective = [of_file(p.path) for p in dataset.test if p.defect_class is not None]
    others += [of_file(p.path) for p in dataset.test if p.defect_class is None]
    row = {"data": folder.name.replace("_", " "), "fitted on": str(len(fitted))}
    for name, pictures in (("other good", others), ("defective", defective)):
        row[name] = str(len(pictures))
        row |= {f"{name}: {what}": n for what, n in counted(pictures, usual).items()}
    return row


def counted(pictures: Sequence[PictureHealth], usual: HealthBaseline) -> dict[str, str]:
    faults = Counter(reason(health, usual) for health in pictures if is_fault(health, usual))
    warned = sum(bool(read_health(health, usual).warning) for health in pictures)
    why = ", ".join(f"{count} {reason}" for reason, count in faults.most_common())
    return {
        "warnings": str(warned - faults.total()),
        "faults": f"{faults.total()} ({why})" if faults else "0",
    }


def is_fault(health: PictureHealth, usual: HealthBaseline) -> bool:
    try:
        check_health(health, usual)
    except UnfitPictureError:
        return True
    return False


def reason(health: PictureHealth, usual: HealthBaseline) -> str:
    return read_health(health, usual).warning.partition(":")[0].removeprefix("The picture is ")


def cost() -> dict[str, str]:
    """Take the time of one core on pictures that do not lie in its cache, as from a camera.

    The thread's own time, so that other work on the PC counts as little as possible.
    """
    rng, row = np.random.default_rng(0), {}
    for height, width in ((320, 320), (480, 640), (1944, 2592)):
        images = [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(8)]
        square = PREPROCESSING.square(images[0])
        rectangle = PREPROCESSING.rectangle(height, width)
        usual = baseline([measure_health(image, square, rectangle) for image in images])
        spans = []
        for number in range(200):
            began = thread_time()
            check_health(measure_health(images[number % 8], square, rectangle), usual)
            spans.append((thread_time() - began) * 1e3)
        p50, p95 = np.percentile(spans, (50, 95))
        row[f"{width} × {height}, CPU p50 / p95 ms"] = f"{p50:.2f} / {p95:.2f}"
    return row


def of_file(path: Path) -> PictureHealth:
    return measured(FilePicture(path, path.name).load()[0])


def measured(image: Image) -> PictureHealth:
    square = PREPROCESSING.square(image)
    return measure_health(image, square, PREPROCESSING.rectangle(*image.shape[:2]))


if __name__ == "__main__":
    main()
