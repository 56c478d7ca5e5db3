"""What the command line asks for: taken over, written down, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.errors import RecipeError
from engine.releases.folder import Release, write_release
from engine.sources.base import (
    CameraConfig,
    EveryFrame,
    FolderConfig,
    PartIsStill,
    ReplayConfig,
    SimulatorConfig,
)
from tests.small_parts import fitted, small_recipe, the_release
from workstation.demo import demo_recipe
from workstation.records.tables import EventRow
from workstation.station import Station
from workstation.wishes import Wishes, demo_on_real_pictures, take_over


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station.open(tmp_path / "data") as station:
        yield station


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return write_release(the_release(), tmp_path / "release")


def events(station: Station) -> list[tuple[str, dict[str, object]]]:
    with station.database.reading() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.seq)).all()
    told = [(str(row.kind), json.loads(row.detail)) for row in rows]
    return [event for event in told if event[0] != "schema migrated"]


def test_release_and_folder_are_remembered_and_written_down(
    station: Station, release: Release, tmp_path: Path
) -> None:
    take_over(station, Wishes(release=str(release.folder), source=FolderConfig(path=tmp_path)))
    assert station.settings.source == FolderConfig(path=tmp_path)
    assert station.settings.release_id == release.id
    (source, activated) = events(station)
    assert (source[0], source[1]["old"]) == ("source changed", None)
    assert (activated[0], activated[1]["new"]) == ("release activated", release.id)


def test_the_same_wish_again_is_no_event(
    station: Station, release: Release, tmp_path: Path
) -> None:
    for _ in range(2):
        take_over(station, Wishes(release=str(release.folder), source=FolderConfig(path=tmp_path)))
    assert len(events(station)) == 2


def test_parts_are_told_apart_as_in_the_fit(station: Station, tmp_path: Path) -> None:
    recipe = small_recipe(part_pattern=r"(part\d+)")
    folder = write_release(fitted(recipe), tmp_path / "release").folder
    take_over(station, Wishes(release=str(folder), source=FolderConfig(path=tmp_path)))
    source = station.settings.source
    assert isinstance(source, FolderConfig)
    assert source.part_pattern == r"(part\d+)"


def test_real_pictures_need_a_release_of_their_own(station: Station, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="loupe fit"):
        take_over(station, Wishes(source=FolderConfig(path=tmp_path)))
    assert station.settings.source is None
    assert events(station) == []


def test_a_release_of_real_pictures_needs_a_folder(station: Station, release: Release) -> None:
    with pytest.raises(RecipeError, match="--watch"):
        take_over(station, Wishes(release=str(release.folder)))
    assert station.settings.release_id is None


def test_a_pattern_that_was_named_stands(station: Station, tmp_path: Path) -> None:
    folder = write_release(fitted(small_recipe(part_pattern=r"(part\d+)")), tmp_path / "r").folder
    wished = FolderConfig(path=tmp_path, part_pattern=r"(\d+)")
    take_over(station, Wishes(release=str(folder), source=wished))
    assert station.settings.source == wished


def test_the_simulated_line_goes_back_to_its_own_release(
    station: Station, release: Release, tmp_path: Path
) -> None:
    take_over(station, Wishes(release=str(release.folder), source=FolderConfig(path=tmp_path)))
    take_over(station, Wishes(source=SimulatorConfig()))
    assert station.settings.release_id is None, "the demo is to be fitted"
    demo = station.library.add(fitted(small_recipe(part=demo_recipe().part)))
    station.remember(source=FolderConfig(path=tmp_path), release_id=release.id)
    take_over(station, Wishes(source=SimulatorConfig(seed=3)))
    assert station.settings.release_id == demo.id
    assert station.settings.source == SimulatorConfig(seed=3)


def test_a_simulated_part_without_a_demo_needs_a_release(
    station: Station, release: Release
) -> None:
    board = SimulatorConfig(part="board")
    with pytest.raises(RecipeError, match="loupe simulate --part board"):
        take_over(station, Wishes(source=board))
    take_over(station, Wishes(source=board, release=str(release.folder)))
    take_over(station, Wishes(source=board.model_copy(update={"seed": 2})))
    assert station.settings.release_id == release.id, "it is known from the last time"


def test_a_camera_keeps_what_it_was_set_up_with(station: Station, release: Release) -> None:
    set_up = CameraConfig(device="cam", width=640, exposure=12, trigger=PartIsStill())
    take_over(station, Wishes(release=str(release.folder), source=set_up))
    take_over(station, Wishes(source=CameraConfig(device="cam")))
    assert station.settings.source == set_up
    take_over(station, Wishes(source=CameraConfig(device="cam", trigger=EveryFrame())))
    assert station.settings.source == set_up.model_copy(update={"trigger": EveryFrame()})
    take_over(station, Wishes(source=CameraConfig(device="other")))
    assert station.settings.source == CameraConfig(device="other")


def test_the_demo_judges_drawn_parts_only(release: Release, tmp_path: Path) -> None:
    demo = Release(release.folder, release.manifest.model_copy(update={"part": demo_recipe().part}))
    assert demo_on_real_pictures(SimulatorConfig(), demo) is None
    assert demo_on_real_pictures(SimulatorConfig(), None) is None
    assert demo_on_real_pictures(ReplayConfig(path=tmp_path), release) is None
    assert demo_on_real_pictures(ReplayConfig(path=tmp_path), demo) is not None
    assert demo_on_real_pictures(FolderConfig(path=tmp_path), None) is not None
