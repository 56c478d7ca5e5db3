"""`loupe releases`: what this station can judge by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.releases.folder import Release, open_release
from engine.releases.library import Library
from workstation.cli.options import DataDir, Json, complaining, print_json, station_folder

if TYPE_CHECKING:
    from engine.inspector import Inspector

app = typer.Typer(help="The station's releases.", no_args_is_help=True)

ReleaseOption = Annotated[
    str, typer.Option("--release", help="A release folder, or the id of one of the station's.")
]


def find_release(wish: str, data_dir: Path | None) -> Release:
    """Open a release by its folder, else by its id in the station's library.

    Raises
    ------
    ModelError
        There is none, or it is damaged.
    """
    folder = Path(wish)
    if folder.exists() or len(folder.parts) != 1:
        return open_release(folder)
    in_library = station_folder(data_dir).releases / wish
    return open_release(in_library if in_library.exists() else folder)


def open_inspector(release: Release, device: str) -> Inspector:
    """Open a release to judge by; where its own back end does not do, say so on the error stream.

    Raises
    ------
    EngineError
        It does not reproduce here, or the device is not there.
    """
    from engine.inspector import Inspector

    inspector = Inspector.open(release, device)
    if inspector.computed_by.note:
        typer.echo(inspector.computed_by.note, err=True)
    return inspector


@app.command("import")
def import_command(
    folder: Annotated[Path, typer.Argument(help="A release folder, as `loupe fit` writes it.")],
    *,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Copy a release into the station's library, every hash checked."""
    with complaining():
        release = Library(station_folder(data_dir).releases).import_from(folder)
    if as_json:
        print_json({"release": release.id, "folder": str(release.folder)})
    else:
        typer.echo(f"Release {release.id} is in {release.folder}.")


@app.command("list")
def list_command(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the releases of the station, newest first; damaged ones on the error stream."""
    with complaining():
        library = Library(station_folder(data_dir).releases)
        releases = library.all()
        for error in library.damaged():
            typer.echo(f"Left out: {error}", err=True)
    rows = [
        {
            "release": release.id,
            "part": release.manifest.part,
            "created_at": release.manifest.created_at.isoformat(),
            "parent": release.manifest.parent,
            "reject_limit": release.manifest.limits.t2,
            "backend": release.manifest.backend.name,
            "precision": release.manifest.precision,
            "reason": release.manifest.reason,
            "person": release.manifest.person,
        }
        for release in releases
    ]
    if as_json:
        print_json({"releases": rows})
        return
    for row in rows:
        typer.echo(
            f"{row['release']}  {str(row['created_at'])[:19]}  {row['part']}  "
            f"reject limit {row['reject_limit']:.4g}  {row['backend']} in {row['precision']}  "
            f"{row['person']}: {row['reason']}"
        )
