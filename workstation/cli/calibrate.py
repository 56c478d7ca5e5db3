"""`loupe calibrate`: limits from pictures of known truth, and a release with the chosen ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.calibration.candidates import Aim, Wishes
from engine.errors import RecipeError
from engine.releases.blobs import StoredBlob
from engine.releases.folder import FittedRelease, Release, check_free, write_release
from engine.releases.library import Library
from engine.types import Limits
from workstation.cli.calibrated import calibration_lines, calibration_report
from workstation.cli.known_pictures import Calibration, calibrated, pictures_given
from workstation.cli.options import (
    DataDir,
    Device,
    Json,
    complaining,
    print_json,
    station_folder,
    typed,
)
from workstation.cli.releases import ReleaseOption, find_release
from workstation.headless.exit_codes import FAULTS


def calibrate_command(
    context: typer.Context,
    *,
    release: ReleaseOption,
    good: Annotated[
        Path | None,
        typer.Option(
            help="Folder of pictures of good parts that the release was not fitted on; else its "
            "own held-out scores are used."
        ),
    ] = None,
    ng: Annotated[Path | None, typer.Option(help="Folder of pictures of NG parts.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Labelled pictures, as for `loupe evaluate`, in place of both folders."),
    ] = None,
    false_alarm_rate: Annotated[
        float | None,
        typer.Option(help="Share of good parts that may be NG; else as stated at the fit."),
    ] = None,
    max_overkill: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of the good pictures that may be NG.")
    ] = 0.01,
    max_escape: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of the NG pictures that may be OK.")
    ] = 0.01,
    margin: Annotated[
        float,
        typer.Option(min=0, max=0.99, help="How far zero escape stays below the lowest NG part."),
    ] = 0.1,
    apply: Annotated[
        Aim | None, typer.Option(help="Make a release with these limits, beside the old one.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why the limits are moved; kept in the new release.")
    ] = None,
    person: Annotated[str, typer.Option(help="Who moves them; kept in the new release.")] = "local",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write the new release to, new or empty; else it is kept among the "
            "station's own."
        ),
    ] = None,
    device: Device = "auto",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show what limits would do to pictures of known truth; with --apply, make a release of them.

    A verdict is what counts: the release's whole rule judges every picture at all limits. Nothing
    is applied unless asked for. Exit code 3 when some pictures could not be inspected.
    """
    if data is not None and (good is not None or ng is not None):
        raise typer.BadParameter("--data holds good and NG pictures: leave out --good and --ng.")
    for option in ("reason", "person", "out"):
        if apply is None and typed(context, option):
            raise typer.BadParameter(f"--{option} has an effect with --apply only.")
    if false_alarm_rate is not None and not 0 < false_alarm_rate < 0.5:
        raise typer.BadParameter("--false-alarm-rate lies above 0 and below 0.5.")
    with complaining():
        if apply is not None and apply.needs_ng and ng is None and data is None:
            raise RecipeError(f"Limits of {apply} need pictures of NG parts. Give some with --ng.")
        if out is not None:
            check_free(out)
        before = find_release(release, data_dir)
        stated = false_alarm_rate or before.manifest.calibration.false_alarm_rate
        wishes = Wishes(stated, max_overkill, max_escape, margin)
        given = pictures_given(good, ng, data, before.manifest.part_pattern)
        found = calibrated(before, given, wishes, device)
        after = None
        if apply is not None:
            limits, why = _chosen(found, apply), reason or f"calibrated: {apply}"
            after = _moved(before, limits, why, person, out, data_dir)
    if as_json:
        print_json(calibration_report(found, after))
    else:
        for line in calibration_lines(found, after):
            typer.echo(line)
    if found.known is not None and found.known.faults:
        raise typer.Exit(FAULTS)


def _chosen(found: Calibration, aim: Aim) -> Limits:
    if aim in found.found:
        return found.found[aim].limits
    raise RecipeError(
        f"No limits give {aim}: some NG pictures score 0, as a copy of a good picture does. "
        "Look at them."
    )


def _moved(
    release: Release,
    limits: Limits,
    reason: str,
    person: str,
    out: Path | None,
    data_dir: Path | None,
) -> Release:
    """Make the release with other limits, in a folder of its own or in the station's library."""
    if out is None:
        library = Library(station_folder(data_dir).releases)
        if release.folder.parent != library.folder:
            release = library.import_from(release.folder)  # the parent can be rolled back to
        return library.with_limits(release, limits, reason=reason, person=person)
    manifest = release.manifest.with_limits(limits, reason=reason, person=person)
    blobs = {sha256: StoredBlob(release.blob_path(sha256)) for sha256 in manifest.blobs.values()}
    return write_release(FittedRelease(manifest, blobs), out)
