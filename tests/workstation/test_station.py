"""The station without its window: what lies in the data folder, opened and closed."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from engine.sources.base import ReplayConfig
from tests.fakes import an_inspection
from workstation.paths import DataFolderError
from workstation.records.errors import RecordsError
from workstation.settings import Settings, load_settings, save_settings
from workstation.station import Station


def test_a_first_start_makes_the_folder(tmp_path: Path) -> None:
    with Station.open(tmp_path / "data") as station:
        assert station.notes == []
        assert station.settings == Settings()
        assert station.folder.database.exists()
        assert station.library.all() == []
        assert (station.disk_free_gb() or 0) > 0


def test_what_is_remembered_holds_for_the_next_start(tmp_path: Path) -> None:
    source = ReplayConfig(path=tmp_path)
    with Station.open(tmp_path / "data") as station:
        station.remember(source=source, running=True, lot="4711", recipe="plate")
        station.store.record(an_inspection())
    with Station.open(tmp_path / "data") as station:
        assert (station.settings.source, station.settings.running) == (source, True)
        assert (station.store.lot, station.store.recipe) == ("4711", "plate")
        assert len(station.statistics.recent(9, simulated=False)) == 1


def test_settings_that_cannot_be_saved_hold_for_this_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workstation.station.save_settings", fail)
    with Station.open(tmp_path / "data") as station:
        station.remember(lot="4711")
        assert station.settings.lot == "4711"
    assert "No space left" in caplog.text


def test_bad_settings_are_told_and_do_not_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.json").write_text('{"lot": 7, "station": "press 4"}')
    with Station.open(tmp_path / "data") as station:
        assert station.settings.station == station.store.station == "press 4"
        assert any("'lot'" in note for note in station.notes)


def test_closed_it_leaves_no_log_handler_and_no_open_file(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    with Station.open(tmp_path / "data"):
        pass
    assert logging.getLogger().handlers == before
    shutil.rmtree(tmp_path / "data")  # Windows refuses while a file is open


def test_another_database_can_be_named(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'elsewhere.db').as_posix()}"
    (tmp_path / "data").mkdir()
    save_settings(Settings(database_url=url), tmp_path / "data" / "settings.json")
    with Station.open(tmp_path / "data") as station:
        assert station.database_url == url
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "data" / "loupe.db").exists()
    assert load_settings(tmp_path / "data" / "settings.json")[0].database_url == url


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match="cannot be written"):
        Station.open(tmp_path / "file" / "data")


def test_a_record_that_cannot_be_opened_leaves_neither_log_nor_lock(tmp_path: Path) -> None:
    before = logging.getLogger().handlers.copy()
    (tmp_path / "loupe.db").write_bytes(b"this is no database" * 100)
    for _ in range(2):  # the second time: the lock is free again
        with pytest.raises(RecordsError):
            Station.open(tmp_path)
    assert logging.getLogger().handlers == before
