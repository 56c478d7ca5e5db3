"""`loupe inspect`: pictures to verdicts, without the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import cv2
import typer

from engine.errors import EngineError, PictureError
from engine.types import Image, Inspection
from workstation.cli.options import DataDir, Device, Json, complaining, print_json
from workstation.cli.overlaid import overlaid
from workstation.cli.releases import ReleaseOption, find_release, open_inspector
from workstation.headless.exit_codes import FAULTS


def inspect_command(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    *,
    release: ReleaseOption,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pictures with their heatmap.")
    ] = None,
    device: Device = "auto",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Inspect pictures: path, score, verdict, regions and milliseconds of each.

    Nothing is written to the record. Exit code 3 when some pictures could not be inspected.
    """
    with complaining():
        from engine.pictures import FilePicture, pictures_lying_in

        inspector = open_inspector(find_release(release, data_dir), device)
        files = [
            file
            for path in paths
            for file in (pictures_lying_in(path) if path.is_dir() else [path])
        ]
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        rows, n_faults = [], 0
        for number, file in enumerate(files, start=1):
            try:
                inspection = inspector.inspect(
                    FilePicture(file, file.name).frame(number, source="command line")
                )
            except (EngineError, ValueError) as error:  # ValueError: the score is no number
                n_faults += 1
                rows.append({"path": str(file), "fault": str(error)})
            else:
                rows.append(_row(file, inspection))
                if out is not None:
                    rectangle = inspector.release.manifest.preprocessing.rectangle(
                        *inspection.frame.image.shape[:2]
                    )
                    _save(overlaid(inspection, rectangle), out / f"{number:05d}_{file.stem}.png")
            if not as_json:
                typer.echo(_line(rows[-1]))
    if as_json:
        print_json(
            {
                "release": inspector.release.id,
                "computed_by": {
                    "backend": inspector.place.backend,
                    "precision": inspector.place.precision,
                    "device": str(inspector.place.device),
                },
                "pictures": rows,
            }
        )
    else:
        typer.echo(f"Computed by {inspector.place}.", err=True)
    if n_faults:
        raise typer.Exit(FAULTS)


def _row(file: Path, inspection: Inspection) -> dict[str, Any]:
    return {
        "path": str(file),
        "score": inspection.score,
        "verdict": inspection.verdict,
        "regions": [
            {
                "x": region.x,
                "y": region.y,
                "width": region.width,
                "height": region.height,
                "area_px": region.area_px,
                "peak": region.peak,
            }
            for region in inspection.regions
        ],
        "ms": inspection.latency_ms,
    }


def _line(row: dict[str, Any]) -> str:
    if "fault" in row:
        return f"{row['path']}  fault  {row['fault']}"
    return (
        f"{row['path']}  {row['score']:.4f}  {row['verdict']:<6}  "
        f"{len(row['regions'])} regions  {row['ms']:.1f} ms"
    )


def _save(picture: Image, path: Path) -> None:
    written, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not written:
        raise PictureError(f"The overlaid picture {path.name} could not be encoded.")
    path.write_bytes(data.tobytes())
