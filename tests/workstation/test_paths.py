"""The data folder that is used is the one that was meant, or a sentence says otherwise."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from workstation.paths import DataFolder, DataFolderError, find_data_folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOUPE_DATA", raising=False)
    monkeypatch.setattr(platformdirs, "site_data_path", lambda *_, **__: tmp_path / "site/loupe")
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "own/loupe")


def test_the_option_wins_over_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOUPE_DATA", str(tmp_path / "variable"))
    assert find_data_folder() == (DataFolder(tmp_path / "variable"), None)
    assert find_data_folder(tmp_path / "option") == (DataFolder(tmp_path / "option"), None)


def test_the_computers_folder_is_the_default_and_nothing_is_created(tmp_path: Path) -> None:
    assert find_data_folder() == (DataFolder(tmp_path / "site/loupe"), None)
    assert list(tmp_path.iterdir()) == []


def test_where_that_cannot_be_written_a_sentence_says_what_is_used(tmp_path: Path) -> None:
    (tmp_path / "site").touch()  # a file: nobody, not even root, can make a folder in it
    folder, note = find_data_folder()
    assert folder == DataFolder(tmp_path / "own/loupe")
    assert note is not None and str(folder.root) in note


def test_a_named_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match="--data-dir"):
        find_data_folder(tmp_path / "file" / "data")
    with pytest.raises(DataFolderError, match="--data-dir"):
        DataFolder(tmp_path / "file" / "data").create()


def test_a_relative_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_data_folder(Path("data"))[0].root == tmp_path / "data"


def test_create_makes_all_folders(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.create()
    folder.create()
    assert folder.blobs == folder.releases / "blobs"
    for made in (folder.blobs, folder.pictures, folder.cache, folder.backups, folder.logs):
        assert made.is_dir()
    assert folder.database_url.startswith("sqlite:///")
    assert not folder.database.exists()
