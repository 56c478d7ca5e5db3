"""Where options may stand, and which data folder a command takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.workstation.cli.conftest import Loupe
from workstation.cli.main import app
from workstation.cli.options import station_folder
from workstation.paths import DataFolder


def _folder_of_import(result_stdout: str) -> Path:
    return Path(json.loads(result_stdout)["folder"]).parents[1]


def test_a_data_folder_may_stand_before_the_command_and_outranks_the_variable(
    loupe: Loupe, release_folder: Path, tmp_path: Path
) -> None:
    result = loupe("--data-dir", tmp_path / "mine", "releases", "import", release_folder, "--json")
    assert _folder_of_import(result.stdout) == tmp_path / "mine"


def test_the_data_folder_nearest_the_command_is_taken(
    loupe: Loupe, release_folder: Path, tmp_path: Path
) -> None:
    arguments = ("--data-dir", tmp_path / "far", "releases", "import", release_folder, "--json")
    result = loupe(*arguments, "--data-dir", tmp_path / "near")
    assert _folder_of_import(result.stdout) == tmp_path / "near"


def test_the_variable_holds_where_nothing_is_typed(
    loupe: Loupe, release_folder: Path, tmp_path: Path
) -> None:
    result = loupe("releases", "import", release_folder, "--json")
    assert _folder_of_import(result.stdout) == tmp_path / "data"


def test_records_are_looked_for_in_the_folder_before_the_command(
    loupe: Loupe, tmp_path: Path
) -> None:
    result = loupe("--data-dir", tmp_path / "mine", "records", "export")
    assert result.exit_code == 1
    assert str(tmp_path / "mine") in result.stderr.replace("\n", "")


@pytest.mark.parametrize(
    "option",
    [
        ("--device", "cpu"),
        ("--headless",),
        ("--watch", "parts"),
        ("--release", "plate"),
        ("--parts", "50"),
        ("--screenshot", "page.png"),
    ],
)
def test_any_other_option_before_a_command_is_refused(
    loupe: Loupe, option: tuple[str, ...]
) -> None:
    result = loupe(*option, "releases", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert option[0] in result.stderr
    assert "after 'releases'" in result.stderr


def test_another_folder_than_the_computers_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "The folder for all accounts cannot be written; mine is used instead."
    monkeypatch.setattr(
        "workstation.cli.options.find_data_folder", lambda _: (DataFolder(tmp_path), note)
    )
    assert station_folder(None) == DataFolder(tmp_path)
    assert capsys.readouterr().err.strip() == note
    result = CliRunner().invoke(app, ["releases", "list", "--json"])
    assert json.loads(result.stdout) == {"releases": []}
    assert note in result.stderr
