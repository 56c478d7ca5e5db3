"""The figures of one evaluation, and how they follow from the inspected pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.calibration import rate_interval
from engine.errors import RecipeError
from engine.evaluation.bootstrap import Interval, bootstrap_interval
from engine.evaluation.labelled import Dataset
from engine.evaluation.metrics import auroc_interval, average_precision, f1_max, image_auroc
from engine.evaluation.pixel_bootstrap import pixel_intervals
from engine.evaluation.pixel_metrics import PooledPixels
from engine.evaluation.ranked import Ranked
from engine.evaluation.region_overlap import RegionOverlap, region_iou, region_iou_interval
from engine.evaluation.remarks import remarks
from engine.types import Verdict


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a release does on labelled pictures; figures that are not defined are None.

    A name that ends in ``_95`` is the 95 % interval of a figure. Where nothing else is said it is
    bootstrapped, and None where the draws say nothing; see `engine.evaluation.bootstrap`.
    """

    method: str
    backbone: str
    n_good: int
    """Good test pictures inspected."""
    n_defective: int
    """Defective test pictures inspected."""
    n_unreadable: int
    """Test pictures that could not be read or inspected; in none of the figures."""
    n_without_mask: int
    """Defective pictures inspected whose defect is not marked; in no pixel figure."""
    image_auroc: float | None
    image_auroc_95: Interval | None
    """Newcombe's method 5; see `auroc_interval`."""
    image_average_precision: float | None
    image_average_precision_95: Interval | None
    image_f1_max: float | None
    """F1 at the threshold that suits these pictures best, not at the release's limits."""
    image_f1_max_95: Interval | None
    image_f1_max_threshold: float | None
    """Pictures that score at least this count as called defective."""
    pixel_auroc: float | None
    pixel_auroc_95: Interval | None
    pixel_average_precision: float | None
    au_pro_30: float | None
    """Area under the per-region overlap curve up to a false-positive rate of 0.3, over 0.3."""
    au_pro_30_95: Interval | None
    au_pro_05: float | None
    """The same up to a false-positive rate of 0.05, over 0.05."""
    au_pro_05_95: Interval | None
    region_iou: float | None
    """Intersection over union of each marked defect with the region above the release's pixel
    limit that overlaps it best, averaged. Another figure than AU-PRO."""
    region_iou_95: Interval | None
    n_defects: int
    """Marked defects (connected, not pictures) that AU-PRO averages over."""
    n_defects_outside: int
    """Marked defects wholly outside the ROI and masks; in no pixel figure."""
    pixel_share_outside: float
    """Share of the pixels outside the ROI and masks; in no pixel figure."""
    per_class: Mapping[str, float | None]
    """Image AUROC of each defect class against all good pictures."""
    verdicts: Mapping[str, Mapping[str, int]]
    """Pictures by truth (``good``, or the defect class) and verdict at the release's limits."""
    overkill: float | None
    """Share of the good pictures called NG."""
    overkill_95: Interval
    """Clopper–Pearson, one-sided from 0 where nothing was observed; so is `missed_share_95`."""
    missed_share: float | None
    """Share of the defective pictures called OK."""
    missed_share_95: Interval
    latency_ms: Mapping[str, float]
    """``p50`` and ``p95`` of one inspection, decoding left out."""
    release_mb: float
    """Size of the release on disk, millions of bytes."""
    remarks: tuple[str, ...]
    """Sentences for people about what was left out, and why."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What is kept of one inspected picture."""

    defect_class: str | None
    score: float
    verdict: Verdict
    latency_ms: float
    has_map: bool
    marked: bool


def report(
    tested: list[Tested],
    unreadable: list[str],
    pixels: PooledPixels,
    overlaps: Sequence[RegionOverlap],
    dataset: Dataset,
    *,
    too_large: str,
    method: str,
    backbone: str,
    release_mb: float,
) -> Evaluation:
    """Measure what was found.

    Parameters
    ----------
    tested
        The pictures of `dataset` that were inspected.
    unreadable
        Of each picture that was not, the sentence that says why.
    pixels, overlaps
        The pictures whose truth is marked and whose map is known.
    too_large
        Why there are no pixel figures, where their number is the reason; else empty.

    Raises
    ------
    RecipeError
        Nothing was inspected.
    """
    if not tested:
        raise RecipeError(f"None of the test pictures could be inspected. First: {unreadable[0]}")
    scores = np.array([it.score for it in tested])
    truths = np.array([it.defect_class or "" for it in tested], dtype=object)
    defective = truths != ""
    n_defective = int(defective.sum())
    n_good = len(tested) - n_defective
    auroc = image_auroc(scores, defective)
    n_without_mask = sum(it.defect_class is not None and not it.marked for it in tested)
    n_overkill = sum(it.defect_class is None and it.verdict is Verdict.NG for it in tested)
    n_missed = sum(it.defect_class is not None and it.verdict is Verdict.OK for it in tested)
    best_f1 = f1_max(scores, defective)
    figures, intervals = pixels.measure(), pixel_intervals(pixels.pictures)
    latencies = [it.latency_ms for it in tested]
    return Evaluation(
        method=method,
        backbone=backbone,
        n_good=n_good,
        n_defective=n_defective,
        n_unreadable=len(unreadable),
        n_without_mask=n_without_mask,
        image_auroc=auroc,
        image_auroc_95=None
        if auroc is None
        else auroc_interval(auroc, n_defective=n_defective, n_good=n_good),
        image_average_precision=average_precision(scores, defective),
        image_average_precision_95=bootstrap_interval(Ranked.average_precision, scores, defective),
        image_f1_max=None if best_f1 is None else best_f1.f1,
        image_f1_max_95=bootstrap_interval(Ranked.f1_max, scores, defective),
        image_f1_max_threshold=None if best_f1 is None else best_f1.threshold,
        pixel_auroc=figures.auroc,
        pixel_auroc_95=intervals.auroc,
        pixel_average_precision=figures.average_precision,
        au_pro_30=figures.au_pro[0.3],
        au_pro_30_95=intervals.au_pro[0.3],
        au_pro_05=figures.au_pro[0.05],
        au_pro_05_95=intervals.au_pro[0.05],
        region_iou=region_iou(overlaps),
        region_iou_95=region_iou_interval(overlaps),
        n_defects=figures.n_defects,
        n_defects_outside=figures.n_defects_outside,
        pixel_share_outside=figures.share_outside,
        per_class={
            name: image_auroc(scores[kept], defective[kept])
            for name in dataset.classes
            for kept in [~defective | (truths == name)]
        },
        verdicts=_verdicts(tested, dataset),
        overkill=n_overkill / n_good if n_good else None,
        overkill_95=rate_interval(n_overkill, n_good),
        missed_share=n_missed / n_defective if n_defective else None,
        missed_share_95=rate_interval(n_missed, n_defective),
        latency_ms={
            name: float(np.percentile(latencies, share))
            for name, share in (("p50", 50), ("p95", 95))
        },
        release_mb=release_mb,
        remarks=remarks(
            unreadable,
            figures,
            dataset,
            has_map=any(it.has_map for it in tested),
            too_large=too_large,
            n_without_mask=n_without_mask,
        ),
    )


def _verdicts(tested: list[Tested], dataset: Dataset) -> dict[str, dict[str, int]]:
    counts = Counter((it.defect_class, it.verdict) for it in tested)
    truths: tuple[str | None, ...] = (None, *dataset.classes)
    return {
        truth or "good": {verdict.value: counts[truth, verdict] for verdict in Verdict}
        for truth in truths
    }
