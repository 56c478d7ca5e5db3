"""`loupe weights`, and imported weights by name in `loupe fit`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import timm
import torch

from engine.releases.folder import open_release
from tests.workstation.cli.conftest import Loupe

TINY = "test_resnet"
SMALL = ("--size", 64, "--coreset", 0.25)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    torch.save(timm.create_model(TINY, pretrained=False).state_dict(), tmp_path / "w.pth")
    return tmp_path / "w.pth"


@pytest.fixture
def imported(loupe: Loupe, file: Path) -> dict[str, object]:
    result = loupe("weights", "import", file, "--model", TINY, "--name", "mine", "--json")
    assert result.exit_code == 0, result.stderr
    report: dict[str, object] = json.loads(result.stdout)
    return report


def test_imported_weights_are_listed_beside_the_built_in(
    loupe: Loupe, imported: dict[str, object]
) -> None:
    *built_in, mine = json.loads(loupe("weights", "list", "--json").stdout)["weights"]
    assert mine == {key: value for key, value in imported.items() if key != "file"}
    assert (mine["name"], mine["model"], mine["origin"]) == ("mine", TINY, "w.pth")
    gabor = next(row for row in built_in if row["name"] == "gabor")
    assert gabor["origin"].startswith("Loupe ") and len(gabor["sha256"]) == 64
    lines = loupe("weights", "list").stdout.splitlines()
    assert lines[0].startswith("gabor  gabor  built in  from Loupe")
    assert lines[-1].startswith(f"mine  {TINY}  imported ")


def test_the_screen_says_what_was_imported_and_what_to_type(loupe: Loupe, file: Path) -> None:
    result = loupe("weights", "import", file, "--model", TINY)
    assert f"Weights {TINY}: " in result.stdout
    assert f"2 of w.pth that give no features were left out. Fit with --weights {TINY}." in (
        result.stdout
    )


def test_all_is_sound_after_an_import(loupe: Loupe, imported: dict[str, object]) -> None:
    result = loupe("weights", "verify")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "mine: sound"
    report = json.loads(loupe("weights", "verify", "mine", "--json").stdout)
    assert report == {"sound": True, "weights": [{"name": "mine", "problem": None}]}


def test_what_is_damaged_is_a_sentence_and_exit_code_1(
    loupe: Loupe, imported: dict[str, object]
) -> None:
    path = Path(str(imported["file"]))
    path.write_bytes(path.read_bytes()[:-1])
    result = loupe("weights", "verify")
    assert (result.exit_code, result.stdout) == (1, "gabor: sound\nlearned: sound\n")
    assert result.stderr.startswith("mine: The weights 'mine' were changed or cut off")
    result = loupe("weights", "verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)["sound"]) == (1, False)
    (path.parent / "record.json").write_text("{")
    result = loupe("weights", "list")
    assert result.exit_code == 0
    assert "Left out: The record of the weights 'mine' is damaged" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("verify", "yours"), "no weights named 'yours'. Imported are: mine."),
        (("import", "{tmp}/none.pth", "--model", TINY), "cannot be read"),
        (("import", "{tmp}/w.pth", "--model", "resnet19"), "no CNN named 'resnet19'"),
        (("import", "{tmp}/w.pth", "--model", TINY, "--name", "a b"), "cannot be a name"),
        (("import", "{tmp}/v.pth", "--model", TINY, "--name", "mine"), "is taken by w.pth"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    loupe: Loupe,
    imported: dict[str, object],
    tmp_path: Path,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "v.pth")
    result = loupe("weights", *(a.replace("{tmp}", str(tmp_path)) for a in arguments))
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("backbone", [(), ("--backbone", TINY)])
def test_a_fit_takes_imported_weights_by_name(
    loupe: Loupe,
    imported: dict[str, object],
    good_folder: Path,
    tmp_path: Path,
    backbone: tuple[str, ...],
) -> None:
    out = tmp_path / "plate"
    result = loupe(
        *("fit", "--images", good_folder, "--out", out, "--weights", "mine", *backbone, *SMALL)
    )
    assert result.exit_code == 0, result.stderr
    found = open_release(out).manifest.backbone
    assert (found.name, found.weights_origin) == (TINY, "mine.safetensors")
    assert found.weights_sha256 == imported["sha256"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--weights", "yours"), "no weights named 'yours'. Imported are: mine."),
        (("--weights", "mine", "--backbone", "resnet18"), f"imported for {TINY}, not for resnet18"),
        (("--weights", "mine", "--backbone", "builtin"), f"imported for {TINY}, not for builtin"),
    ],
)
def test_a_fit_with_weights_it_cannot_have_is_one_sentence(
    loupe: Loupe,
    imported: dict[str, object],
    good_folder: Path,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    result = loupe("fit", "--images", good_folder, *arguments, *SMALL)
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr


def test_a_file_without_a_dot_in_its_name_is_still_a_path(
    loupe: Loupe, file: Path, good_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    file.rename(file.with_name("own"))
    result = loupe("fit", "--images", good_folder, "--weights", "own", "--backbone", TINY, *SMALL)
    assert result.exit_code == 0, result.stderr
