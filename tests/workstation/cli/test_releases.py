"""`loupe releases`, and how a release is named on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.releases.folder import MANIFEST, open_release
from tests.small_parts import good_image, save_png
from tests.workstation.cli.conftest import Loupe


def test_an_imported_release_is_listed_and_judges_by_its_id(
    loupe: Loupe, release_folder: Path, tmp_path: Path
) -> None:
    good = save_png(good_image(100), tmp_path / "good.png")
    assert json.loads(loupe("releases", "list", "--json").stdout) == {"releases": []}
    imported = json.loads(loupe("releases", "import", release_folder, "--json").stdout)
    release = open_release(release_folder)
    assert imported["release"] == release.id
    assert Path(imported["folder"]) == tmp_path / "data" / "releases" / release.id
    (row,) = json.loads(loupe("releases", "list", "--json").stdout)["releases"]
    assert (row["release"], row["part"], row["parent"]) == (release.id, "plate", None)
    assert row["reject_limit"] == release.manifest.limits.t2
    assert release.id in loupe("releases", "list").stdout
    assert "OK" in loupe("inspect", "--release", release.id, good).stdout


def test_importing_twice_is_harmless(loupe: Loupe, release_folder: Path) -> None:
    for _ in range(2):
        assert loupe("releases", "import", release_folder).exit_code == 0
    assert len(json.loads(loupe("releases", "list", "--json").stdout)["releases"]) == 1


@pytest.mark.parametrize("what", ["missing", "changed", "blob gone"])
def test_a_bad_release_is_not_imported(
    loupe: Loupe, release_folder: Path, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "r"
    if what != "missing":
        shutil.copytree(release_folder, folder)
    if what == "changed":
        path = folder / MANIFEST
        path.write_text(path.read_text().replace("plate", "plane"))
    if what == "blob gone":
        next(folder.glob("*.safetensors")).unlink()
    result = loupe("releases", "import", folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("loupe: ")
    assert json.loads(loupe("releases", "list", "--json").stdout) == {"releases": []}


def test_a_damaged_release_is_named_and_the_others_are_listed(
    loupe: Loupe, release_folder: Path, tmp_path: Path
) -> None:
    loupe("releases", "import", release_folder)
    damaged = tmp_path / "data" / "releases" / "0123456789abcdef"
    damaged.mkdir()
    (damaged / MANIFEST).write_text("{")
    result = loupe("releases", "list", "--json")
    assert len(json.loads(result.stdout)["releases"]) == 1
    assert f"Left out: The manifest of {damaged} is damaged" in result.stderr


def test_an_id_nobody_knows_is_one_sentence(loupe: Loupe, tmp_path: Path) -> None:
    good = save_png(good_image(100), tmp_path / "good.png")
    result = loupe("inspect", "--release", "0123456789abcdef", good)
    assert (result.exit_code, "holds no release" in result.stderr) == (1, True)
