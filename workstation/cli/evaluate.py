"""`loupe evaluate`: a release against labelled pictures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.calibration import Rate
from engine.types import Verdict
from workstation.cli.fitted_limits import counted_words
from workstation.cli.labelled import measured
from workstation.cli.options import DataDir, Device, Json, complaining, print_json
from workstation.cli.releases import ReleaseOption, find_release
from workstation.headless.exit_codes import FAULTS

if TYPE_CHECKING:
    from engine.evaluation.report import Evaluation


def evaluate_command(
    *,
    release: ReleaseOption,
    data: Annotated[
        Path,
        typer.Option(
            help="Labelled pictures as downloaded: MVTec AD, VisA or BTAD (the folder of one "
            "object), the magnetic tile defects, or a folder with the two folders good and bad."
        ),
    ],
    device: Device = "auto",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Measure a release on labelled pictures: AUROC, AU-PRO, region IoU, F1, latency.

    Exit code 3 when some pictures could not be inspected.
    """
    with complaining():
        from engine.evaluation.datasets import open_dataset

        found = find_release(release, data_dir)
        evaluation = measured(found, open_dataset(data), device)
    if as_json:
        print_json(asdict(evaluation))
    else:
        _tell(evaluation, found.id)
    if evaluation.n_unreadable:
        raise typer.Exit(FAULTS)


def _tell(evaluation: Evaluation, release_id: str) -> None:
    typer.echo(f"{evaluation.method} on {evaluation.backbone}, release {release_id}")
    typer.echo(f"good           {evaluation.n_good}")
    typer.echo(f"defective      {evaluation.n_defective}")
    for name, figure, interval in (
        ("image AUROC", evaluation.image_auroc, evaluation.image_auroc_95),
        ("image AP", evaluation.image_average_precision, evaluation.image_average_precision_95),
        ("image F1-max", evaluation.image_f1_max, evaluation.image_f1_max_95),
        ("pixel AUROC", evaluation.pixel_auroc, evaluation.pixel_auroc_95),
        ("AU-PRO (0.3)", evaluation.au_pro_30, evaluation.au_pro_30_95),
        ("AU-PRO (0.05)", evaluation.au_pro_05, evaluation.au_pro_05_95),
        ("region IoU", evaluation.region_iou, evaluation.region_iou_95),
    ):
        typer.echo(f"{name:<14} {_figure(figure)}{_between(interval)}")
    if evaluation.image_f1_max_threshold is not None:
        typer.echo(f"F1-max at      a score of {evaluation.image_f1_max_threshold:.4g}")
    typer.echo("image AUROC by defect class")
    for name, auroc in evaluation.per_class.items():
        typer.echo(f"  {name:<12} {_figure(auroc)}")
    called_ng, called_ok = _at_the_limits(evaluation)
    typer.echo(f"overkill       {counted_words(called_ng)} good pictures called NG")
    typer.echo(f"missed         {counted_words(called_ok)} defective pictures called OK")
    latency = evaluation.latency_ms
    typer.echo(f"latency        p50 {latency['p50']:.1f} ms, p95 {latency['p95']:.1f} ms")
    typer.echo(f"release        {evaluation.release_mb:.1f} MB")
    for remark in evaluation.remarks:
        typer.echo(remark)


def _at_the_limits(evaluation: Evaluation) -> tuple[Rate, Rate]:
    """Count the good pictures called NG, and the defective ones called OK."""
    missed = sum(
        found[Verdict.OK] for truth, found in evaluation.verdicts.items() if truth != "good"
    )
    return (
        Rate(evaluation.verdicts["good"][Verdict.NG], evaluation.n_good),
        Rate(missed, evaluation.n_defective),
    )


def _figure(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _between(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else "  (95 %: {:.3f} to {:.3f})".format(*interval)
