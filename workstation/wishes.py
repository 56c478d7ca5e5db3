"""What was asked for on the command line, and how it becomes what the station is set to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import RecipeError
from engine.releases.folder import Release
from engine.releases.library import Library
from engine.sources.base import CameraConfig, FolderConfig, SimulatorConfig, SourceConfig
from engine.sources.told import told_config
from engine.types import MethodName
from workstation.demo import LINE, demo_recipe
from workstation.records.words import EventKind
from workstation.station import Station


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line; see `loupe --help` and `loupe watch --help`."""

    headless: bool = False
    parts: int | None = None
    """End after so many; None: no end is asked for."""
    until_empty: bool = False
    """End when the source holds nothing new."""
    source: SourceConfig | None = None
    """None: the one the station is set to."""
    release: str | None = None
    """Folder or id; None: the one the station is set to."""
    method: MethodName | None = None
    """Of the simulated line's demo; None: no demo is asked for."""
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
    if wishes.release is None and wishes.source is None and wishes.method is None:
        return
    if wishes.method is not None and (wishes.release is not None or wishes.source is not None):
        raise RecipeError(
            "--method chooses how the simulated demo is judged; a release has its method already. "
            "Leave out --method, or --release and --watch."
        )
    release = _chosen_release(station, wishes)
    source = _as_set_up(wishes.source, station.settings.source)
    if wishes.method is not None and not _is_simulated(source):
        source = LINE
    if isinstance(wishes.source, FolderConfig):
        source = _parts_as_fitted(wishes.source, release)
    if (sentence := demo_on_real_pictures(source, release)) is not None:
        raise RecipeError(sentence)
    unasked = wishes.source is None and _is_simulated(source)
    if unasked and release is not None and not _is_demo(release):
        raise RecipeError("There are no pictures for this release. Name a folder with --watch.")
    _note_changes(station, source, release)
    station.remember(source=source, release_id=None if release is None else release.id)


def _chosen_release(station: Station, wishes: Wishes) -> Release | None:
    """Give the release that was named, else the one in use; None: the demo's is to be fitted."""
    settings, library = station.settings, station.library
    if wishes.method is not None:
        return _demo_release(library, LINE, wishes.method)
    if wishes.release is not None:
        folder = Path(wishes.release)
        named = not folder.exists() and len(folder.parts) == 1
        return library.open(wishes.release) if named else library.import_from(folder)
    if isinstance(wishes.source, SimulatorConfig) and not _same_part(
        wishes.source, settings.source
    ):
        return _demo_release(library, wishes.source)
    return None if settings.release_id is None else library.open(settings.release_id)


def _same_part(one: SimulatorConfig, other: SourceConfig | None) -> bool:
    return isinstance(other, SimulatorConfig) and one.part == other.part


def _demo_release(
    library: Library, line: SimulatorConfig, method: MethodName | None = None
) -> Release | None:
    """Give the demo's release for a simulated line; None where it was not fitted yet.

    Parameters
    ----------
    method
        None: whichever there is.

    Raises
    ------
    RecipeError
        There is no demo for such a part.
    """
    if line.part != LINE.part:
        raise RecipeError(
            f"There is no release for the simulated {line.part}. Draw pictures of it with `loupe "
            f"simulate --part {line.part}`, fit one with `loupe fit`, and name it with --release."
        )
    return next(
        (
            release
            for release in library.all()
            if _is_demo(release) and method in (None, release.manifest.method)
        ),
        None,
    )


def _as_set_up(wished: SourceConfig | None, before: SourceConfig | None) -> SourceConfig | None:
    """Give the source that was named; a camera keeps what it was set up with and is not named."""
    if wished is None:
        return before
    if not (isinstance(wished, CameraConfig) and isinstance(before, CameraConfig)):
        return wished
    if wished.device != before.device:
        return wished
    return before.model_copy(
        update={name: getattr(wished, name) for name in wished.model_fields_set}
    )


def _parts_as_fitted(folder: FolderConfig, release: Release | None) -> FolderConfig:
    """Tell parts apart as in the pictures the release was fitted on, unless it was said how."""
    if folder.part_pattern is not None or release is None:
        return folder
    return folder.model_copy(update={"part_pattern": release.manifest.part_pattern})


def watching(folder: Path, release: Release | None) -> FolderConfig:
    """Watch a folder; parts are told apart as in the pictures the release was fitted on."""
    return _parts_as_fitted(FolderConfig(path=folder.absolute()), release)


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
            old=None if before.source is None else told_config(before.source),
            new=told_config(source),
        )
    if release is not None and release.id != before.release_id:
        station.store.add_event(
            EventKind.RELEASE_ACTIVATED,
            old=before.release_id,
            new=release.id,
            part=release.manifest.part,
        )
