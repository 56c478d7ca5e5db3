"""What `loupe fit --labelled` measures: a new release on labelled pictures, adapted and not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from workstation.cli.options import run_showing_progress
from workstation.cli.releases import open_inspector

if TYPE_CHECKING:
    from engine.evaluation.labelled import Dataset
    from engine.evaluation.report import Evaluation
    from engine.pictures import Picture
    from engine.recipe import Recipe
    from engine.releases.folder import Release


def measured(release: Release, dataset: Dataset, device: str) -> Evaluation:
    """Inspect the labelled pictures by a release, showing progress."""
    from engine.evaluation.evaluate import evaluate

    manifest = release.manifest
    return run_showing_progress(
        evaluate(
            partial(open_inspector(release, device).inspect, unfit_too=True),
            dataset,
            manifest.preprocessing.map_to_source,
            method=manifest.method,
            backbone=manifest.backbone.name,
            release_mb=release.size_bytes() / 1e6,
        )
    )


def with_and_without(
    release: Release, recipe: Recipe, pictures: Sequence[Picture], dataset: Dataset, device: str
) -> Mapping[str, Evaluation]:
    """Measure a release, and where its backbone is adapted the same fit with it as shipped."""
    manifest = release.manifest
    if manifest.adaptation is None or not manifest.adaptation.kept:
        return {"without": measured(release, dataset, device)}
    from engine.fitting import fit
    from engine.releases.folder import write_release

    as_shipped = recipe.model_copy(
        update={"adapt_minutes": None, "adapt_steps": None, "size": manifest.preprocessing.size}
    )
    with TemporaryDirectory() as scratch:
        fitted = run_showing_progress(fit(as_shipped, pictures, device=device))
        without = measured(write_release(fitted, Path(scratch) / "r"), dataset, device)
    return {"without": without, "adapted": measured(release, dataset, device)}


def labelled_report(found: Mapping[str, Evaluation]) -> dict[str, Any]:
    """Give the figures for the JSON report."""
    return {
        name: {
            "image_auroc": one.image_auroc,
            "image_auroc_95": one.image_auroc_95 and list(one.image_auroc_95),
            "pixel_auroc": one.pixel_auroc,
            "per_class": dict(one.per_class),
            "n_good": one.n_good,
            "n_defective": one.n_defective,
            "n_unreadable": one.n_unreadable,
        }
        for name, one in found.items()
    }


def labelled_lines(found: Mapping[str, Evaluation]) -> Iterator[str]:
    """Give them for the screen."""
    first = next(iter(found.values()))
    yield f"labelled       {first.n_good} good and {first.n_defective} defective pictures"
    for name, one in found.items():
        image, pixel = _figure(one.image_auroc), _figure(one.pixel_auroc)
        yield f"  {name:<12} image AUROC {image}, pixel AUROC {pixel}"
        if one.n_unreadable:
            yield f"  {'':<12} {one.n_unreadable} pictures could not be inspected"


def _figure(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
