"""What was asked for on the command line, and how it becomes what the station is set to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import RecipeError
from engine.releases.folder import Release
from engine.sources.base import FolderConfig, SimulatorConfig, SourceConfig
from workstation.demo import demo_recipe
from workstation.records.words import EventKind
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
    """Put what the command line says into the settings, and what it changes into the record.

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
    release = None
    if wishes.release is not None:
        folder = Path(wishes.release)
        named = not folder.exists() and len(folder.parts) == 1
        release = library.open(wishes.release) if named else library.import_from(folder)
    elif settings.release_id is not None:
        release = library.open(settings.release_id)
    source = settings.source
    if wishes.watch is not None:
        source = watching(wishes.watch, release)
    if (sentence := demo_on_real_pictures(source, release)) is not None:
        raise RecipeError(sentence)
    if release is not None and not _is_demo(release) and _is_simulated(source):
        raise RecipeError("There are no pictures for this release. Name a folder with --watch.")
    _note_changes(station, source, release)
    station.remember(source=source, release_id=None if release is None else release.id)


def watching(folder: Path, release: Release | None) -> FolderConfig:
    """Watch a folder; parts are told apart as in the pictures the release was fitted on."""
    pattern = None if release is None else release.manifest.part_pattern
    return FolderConfig(path=folder.absolute(), part_pattern=pattern)


def demo_on_real_pictures(source: SourceConfig | None, release: Release | None) -> str | None:
    """Say what to do where the demo's release would judge real pictures; None where it does not."""
    if _is_simulated(source) or (release is not None and not _is_demo(release)):
        return None
    return (
        "There is no release for these pictures. Fit one to good pictures of the part with "
        "`loupe fit`, and name it with --release."
    )


def _is_simulated(source: SourceConfig | None) -> bool:
    return source is None or isinstance(source, SimulatorConfig)


def _is_demo(release: Release) -> bool:
    return release.manifest.part == demo_recipe().part


def _note_changes(station: Station, source: SourceConfig | None, release: Release | None) -> None:
    """Write down what the command line changes; the rows after it are judged otherwise."""
    before = station.settings
    if source is not None and source != before.source:
        station.store.add_event(
            EventKind.SOURCE_CHANGED,
            old=None if before.source is None else before.source.model_dump(mode="json"),
            new=source.model_dump(mode="json"),
        )
    if release is not None and release.id != before.release_id:
        station.store.add_event(
            EventKind.RELEASE_ACTIVATED,
            old=before.release_id,
            new=release.id,
            part=release.manifest.part,
        )
