"""`loupe fit`: good pictures to a release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import ValidationError

from engine.errors import RecipeError
from engine.recipe import Masks, Recipe, Roi, Size, usual_size
from engine.types import BackendName, MethodName, Precision
from workstation.cli.adaptation import adaptation_lines, adaptation_report, size_lines
from workstation.cli.fitted_limits import limits_lines, limits_report, pictures_words
from workstation.cli.labelled import labelled_lines, labelled_report, with_and_without
from workstation.cli.method_settings import method_settings
from workstation.cli.options import (
    DataDir,
    Device,
    Json,
    complaining,
    first_mistake,
    print_json,
    run_showing_progress,
    station_folder,
)
from workstation.cli.weights import find_weights

if TYPE_CHECKING:
    from engine.releases.manifest import Manifest

MASKS_FORM = '{"include": [[[x, y], [x, y], [x, y], …], …], "exclude": […]}, in source pixels'


def fit_command(
    *,
    images: Annotated[Path, typer.Option(help="Folder of good pictures.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write the release to, new or empty; else it is kept among the "
            "station's own, in its data folder."
        ),
    ] = None,
    method: Annotated[MethodName, typer.Option()] = MethodName.PATCHCORE,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="builtin, gabor, or a timm CNN such as resnet18; else what imported weights were "
            "imported for, else builtin."
        ),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            help="builtin, timm (downloads once), a .pth/.safetensors file, or the name of "
            "imported weights (see `loupe weights list`)."
        ),
    ] = "builtin",
    layers: Annotated[
        str, typer.Option(help="Layer names or strides, comma-separated, such as 8,16.")
    ] = "",
    backend: Annotated[
        str,
        typer.Option(
            metavar="torch|openvino|auto",
            help="What computes the backbone, here and where the release judges; auto: the faster "
            "one on this PC.",
        ),
    ] = "torch",
    precision: Annotated[
        Precision,
        typer.Option(help="Of the backbone: bfloat16 where the processor has it, float16 on GPUs."),
    ] = Precision.FLOAT32,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="PIXELS|WIDTHxHEIGHT|auto",
            help="Side of what the backbone sees, or 320x224 and the like for long parts; auto: "
            "proposed from the good pictures; else 224, or what an EfficientNet was made for.",
        ),
    ] = None,
    adapt: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="MINUTES",
            help="Adapt the backbone to the part for about so many minutes.",
        ),
    ] = None,
    adapt_steps: Annotated[
        int | None,
        typer.Option(min=1, help="Adapt it in so many steps: the same steps, the same release."),
    ] = None,
    coreset: Annotated[
        float | None,
        typer.Option(
            help="Share of patches PatchCore or ReConPatch keeps, 0.01 to 1; else 10 % or 1 %, at "
            "most 8000 rows."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting of the method, such as neighbours=5; may be given more than once.",
        ),
    ] = None,
    roi: Annotated[str | None, typer.Option(help="x,y,w,h in source pixels.")] = None,
    masks: Annotated[
        Path | None,
        typer.Option(help=f"JSON file: {MASKS_FORM}."),
    ] = None,
    false_alarm_rate: Annotated[
        float, typer.Option(help="Share of good parts that may be NG.")
    ] = 0.01,
    rule: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="What makes a part NG: 'score', 'score or region' or 'score and region'.",
        ),
    ] = "score",
    min_region_px: Annotated[
        float | None,
        typer.Option(help="Area from which a region counts, in source pixels; else any does."),
    ] = None,
    takt_s: Annotated[
        float | None,
        typer.Option(help="Seconds per part; a verdict later than 80 % of them is a fault."),
    ] = None,
    deadline_ms: Annotated[
        float | None, typer.Option(help="A later verdict is a fault; else 80 % of the takt.")
    ] = None,
    part_pattern: Annotated[
        str | None,
        typer.Option(help="Pictures with the same first group in their name are one part."),
    ] = None,
    part: Annotated[str, typer.Option(help="Name of the part.")] = "part",
    labelled: Annotated[
        Path | None,
        typer.Option(
            help="Labelled pictures, as for `loupe evaluate`: the report says how the release does "
            "on them, with and without adaptation. Nothing is learned from them."
        ),
    ] = None,
    seed: Annotated[int, typer.Option()] = 0,
    device: Device = "auto",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Fit a release to a folder of good pictures."""
    with complaining():
        backbone, weights = find_weights(weights, backbone, data_dir)
        recipe = Recipe(
            part=part,
            method=method,
            parameters=method_settings(method, settings or [], coreset=coreset),
            backbone=backbone,
            weights=weights,
            layers=tuple(layer.strip() for layer in layers.split(",") if layer.strip()),
            backend=_backend(backend),
            precision=precision,
            adapt_minutes=adapt,
            adapt_steps=adapt_steps,
            size=usual_size(backbone) if size is None else _size(size),
            roi=None if roi is None else _roi(roi),
            masks=Masks() if masks is None else _masks(masks),
            rule=_rule(rule, min_region_px),
            false_alarm_rate=false_alarm_rate,
            takt_s=takt_s,
            deadline_ms=deadline_ms,
            part_pattern=part_pattern,
            seed=seed,
        )
        from engine.evaluation.datasets import open_dataset
        from engine.fitting import fit
        from engine.pictures import file_pictures, pictures_lying_in
        from engine.releases.folder import check_free, write_release
        from engine.releases.library import Library

        # A place that cannot be written is found out before the fit, not after it.
        if out is None:
            library = Library(station_folder(data_dir).releases)
        else:
            check_free(out)
        dataset = None if labelled is None else open_dataset(labelled)
        pictures = file_pictures(pictures_lying_in(images), part_pattern)
        fitted = run_showing_progress(fit(recipe, pictures, device=device))
        release = library.add(fitted) if out is None else write_release(fitted, out)
        found = (
            None
            if dataset is None
            else with_and_without(release, recipe, pictures, dataset, device)
        )
    manifest = release.manifest
    adaptation, proposed = manifest.adaptation, manifest.proposed_size
    report: dict[str, Any] = {
        "release": release.id,
        "folder": str(out or release.folder),
        "method": manifest.method,
        "backbone": manifest.backbone.name,
        "backend": manifest.backend.name,
        "backend_ms": manifest.backend.latency_ms,
        "precision": manifest.precision,
        "n_good": len(manifest.pictures),
        **limits_report(manifest),
        "release_mb": release.size_bytes() / 1e6,
        "size": _size_words(manifest.preprocessing.size),
        "proposed_size": proposed and proposed.model_dump(mode="json"),
        "adaptation": adaptation and adaptation_report(adaptation),
        "labelled": found and labelled_report(found),
    }
    if as_json:
        print_json(report)
        return
    typer.echo(f"release        {release.id} in {out or release.folder}")
    typer.echo(f"good pictures  {pictures_words(manifest)}, 1 kept as reference")
    typer.echo(f"back end       {_backend_words(manifest)}")
    for line in size_lines(proposed) if proposed else ():
        typer.echo(line)
    for line in adaptation_lines(adaptation) if adaptation else ():
        typer.echo(line)
    for line in limits_lines(manifest):
        typer.echo(line)
    for line in labelled_lines(found) if found else ():
        typer.echo(line)


def _backend(text: str) -> BackendName | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return BackendName(text)
    except ValueError:
        names = ", ".join(BackendName)
        raise RecipeError(f"--backend is {names} or auto, not {text!r}.") from None


def _backend_words(manifest: Manifest) -> str:
    """Name the back end, and what each took where they were compared."""
    times = ", ".join(f"{name} {ms:.1f} ms" for name, ms in manifest.backend.latency_ms.items())
    words = f"{manifest.backend.name} in {manifest.precision}"
    return f"{words} (one picture here: {times})" if times else words


def _size(text: str) -> Size | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        width, times, height = text.partition("x")
        return (int(height), int(width)) if times else int(width)
    except ValueError:
        raise RecipeError(
            f"--size is a number of pixels, width and height such as 320x224, or auto, "
            f"not {text!r}."
        ) from None


def _size_words(size: Size) -> int | str:
    return size if isinstance(size, int) else f"{size[1]}x{size[0]}"


def _rule(kind: str, min_region_px: float | None) -> Any:
    """Give what the recipe reads as its rule."""
    if min_region_px is not None and kind == "score":
        raise RecipeError(
            "--min-region-px is for the rules 'score or region' and 'score and region': "
            "give one of them with --rule."
        )
    return {"kind": kind, "min_region_px": min_region_px or 0}


def _roi(text: str) -> Roi:
    try:
        x, y, width, height = (int(number) for number in text.split(","))
    except ValueError as error:
        raise RecipeError(f"--roi takes x,y,w,h in whole pixels, not {text!r}.") from error
    try:
        return Roi(x=x, y=y, width=width, height=height)
    except ValidationError as error:
        raise RecipeError(
            f"--roi takes x,y,w,h with x and y from 0 and w and h (width, height) from 1, "
            f"not {text!r}."
        ) from error


def _masks(path: Path) -> Masks:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(
            f"The masks file {path} is no JSON: {error}. Its form is {MASKS_FORM}."
        ) from error
    try:
        return Masks.model_validate(content)
    except ValidationError as error:
        raise RecipeError(
            f"The masks file {path} has another form ({first_mistake(error)}) than {MASKS_FORM}."
        ) from error
