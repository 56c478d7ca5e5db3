"""Candidates whose scores the test chooses, with the figures that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.comparison.measured import Measured, PictureScore
from engine.evaluation.labelled import Dataset, LabelledPicture
from engine.evaluation.pixel_metrics import PooledPixels
from engine.evaluation.report import Tested, report
from engine.preprocess import Preprocessing
from engine.types import Verdict


def dataset_of(n_good: int, n_defective: int, *, folder: Path = Path("parts")) -> Dataset:
    good = [LabelledPicture(folder / f"good{n}.png", None) for n in range(n_good)]
    bad = [LabelledPicture(folder / f"bad{n}.png", "spot") for n in range(n_defective)]
    return Dataset(train_good=(folder / "a.png", folder / "b.png"), test=(*good, *bad))


def measured_of(
    scores: Sequence[float | None], dataset: Dataset, *, latency_ms: float = 10.0
) -> Measured:
    """Give what is measured of a candidate with these scores; None: not inspected."""
    tested = [
        Tested(picture.defect_class, score, Verdict.OK, latency_ms, marked=False, has_map=True)
        for score, picture in zip(scores, dataset.test, strict=True)
        if score is not None
    ]
    evaluation = report(
        tested,
        ["It could not be read."] * list(scores).count(None),
        PooledPixels(),
        [],
        dataset,
        method="patchcore",
        backbone="gabor",
        too_large="",
        release_mb=1.5,
    )
    return Measured(
        evaluation=evaluation,
        fit_s=2.5,
        fit_peak_mb=900.0,
        start_mb=850.0,
        fit_gpu_peak_mb=None,
        pixel_limit=1.0,
        preprocessing=Preprocessing(size=64),
        tested=tuple(
            None if score is None else PictureScore(score=score, verdict=Verdict.OK)
            for score in scores
        ),
    )
