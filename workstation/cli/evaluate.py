"""`loupe evaluate`: a release against labelled pictures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
            help="MVTec layout (train/good, test/<class>, ground_truth/<class>), or a folder "
            "with the two folders good and bad."
        ),
    ],
    device: Device = "auto",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Measure a release: image and pixel AUROC, AU-PRO, latency, verdicts at its limits.

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
    typer.echo(f"image AUROC    {_figure(evaluation.image_auroc)}")
    typer.echo(f"pixel AUROC    {_figure(evaluation.pixel_auroc)}")
    typer.echo(f"AU-PRO (0.3)   {_figure(evaluation.au_pro_30)}")
    for name, auroc in evaluation.per_class.items():
        typer.echo(f"  {name:<12} {_figure(auroc)}")
    latency = evaluation.latency_ms
    typer.echo(f"latency        p50 {latency['p50']:.1f} ms, p95 {latency['p95']:.1f} ms")
    typer.echo(f"release        {evaluation.release_mb:.1f} MB")
    for remark in evaluation.remarks:
        typer.echo(remark)


def _figure(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
