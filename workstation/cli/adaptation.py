"""What `loupe fit` says of a proposed size, and of an adaptation with and without."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.releases.manifest import AdaptationFigures, AdaptationRecord, SizeRecord


def adaptation_report(adaptation: AdaptationRecord) -> dict[str, Any]:
    """Give it for the JSON report."""
    return {
        **adaptation.model_dump(mode="json", exclude={"held_out", "without", "adapted"}),
        "n_held_out": len(adaptation.without.good_scores),
        "without": _figures(adaptation.without),
        "adapted": _figures(adaptation.adapted),
    }


def adaptation_lines(adaptation: AdaptationRecord) -> Iterator[str]:
    """Give it for the screen."""
    without, adapted = adaptation.without, adaptation.adapted
    held_out = len(without.good_scores)
    if adaptation.kept:
        share = "" if adaptation.share == 1 else f" at {100 * adaptation.share:.0f} %"
        yield (
            f"adaptation     kept, step {adaptation.best_step} of {adaptation.steps}{share}, "
            f"{adaptation.seconds / 60:.1f} min; limits from the {held_out} pictures it never saw"
        )
    else:
        yield (
            f"adaptation     not kept: in {adaptation.steps} steps it did not help on the "
            f"{held_out} pictures it never saw; the release is not adapted"
        )
    kinds = ", ".join(
        f"{kind.replace('_', ' ')} {auroc:.3f} to {adapted.image_auroc[kind]:.3f}"
        for kind, auroc in without.image_auroc.items()
    )
    yield f"drawn damage   AUROC {without.mean_auroc:.3f} to {adapted.mean_auroc:.3f} ({kinds})"
    yield f"held-out good  at most {_spread(without)} without, {_spread(adapted)} adapted"


def size_lines(size: SizeRecord) -> Iterator[str]:
    """Give the sizes that were tried and the one that was taken."""
    chosen = next(trial for trial in size.trials if trial.size == size.chosen)
    yield (
        f"size           {chosen.size} px, the smallest that cannot be told from the best on "
        f"damage drawn into {size.n_held_out} good pictures"
    )
    for trial in size.trials:
        yield (
            f"  {trial.size:>4} px      AUROC {trial.image_auroc:.3f}, {trial.latency_ms:.0f} ms"
            " a picture here"
        )


def _figures(found: AdaptationFigures) -> dict[str, Any]:
    return {
        "image_auroc": round(found.mean_auroc, 4),
        "per_kind": found.image_auroc,
        "good_median": median(found.good_scores),
        "good_highest": max(found.good_scores),
    }


def _spread(found: AdaptationFigures) -> str:
    """Relate the highest score to the usual one: scores of two backbones have no common unit."""
    usual = median(found.good_scores)
    return f"{max(found.good_scores) / usual:.2f} x their median" if usual else "0"
