"""What was asked for on the command line, and how it becomes what the station is set to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import RecipeError
from engine.sources.base import FolderConfig, SimulatorConfig
from workstation.demo import demo_recipe
from workstation.station import Station


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line; see `loupe --help`."""

    headless: bool = False
    parts: int = 50
    watch: Path | None = None
    release: str | None = None
    screenshot: Path | None = None
    device: str = "auto"
    data_dir: Path | None = None


def take_over(station: Station, wishes: Wishes) -> None:
    """Put what the command line says into the settings.

    Raises
    ------
    ModelError
        There is no such release, or it is damaged.
    RecipeError
        Real pictures would be judged by the demo's release, or drawn ones by another.
    """
    if wishes.release is None and wishes.watch is None:
        return
    settings, library = station.settings, station.library
    source, release = settings.source, None
    if wishes.watch is not None:
        source = FolderConfig(path=wishes.watch.absolute())
    if wishes.release is not None:
        folder = Path(wishes.release)
        named = not folder.exists() and len(folder.parts) == 1
        release = library.open(wishes.release) if named else library.import_from(folder)
    elif settings.release_id is not None:
        release = library.open(settings.release_id)
    simulated = source is None or isinstance(source, SimulatorConfig)
    demo = release is None or release.manifest.part == demo_recipe().part
    if demo and not simulated:
        raise RecipeError(
            "There is no release for these pictures. Fit one to good pictures of the part with "
            "`loupe fit`, and name it with --release."
        )
    if simulated and not demo:
        raise RecipeError("There are no pictures for this release. Name a folder with --watch.")
    station.remember(source=source, release_id=None if release is None else release.id)
