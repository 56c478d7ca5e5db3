"""`loupe fit` as a person types it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from engine.parameters import PadimParameters
from engine.recipe import Rule
from engine.releases.folder import open_release
from engine.types import MethodName
from tests.small_parts import HEIGHT, good_image, save_good, save_png, spotted, the_release
from tests.workstation.cli.conftest import Loupe
from workstation.cli.fitted_limits import limits_lines, limits_report

SMALL = ("--size", 64, "--coreset", 0.25)


def test_a_folder_of_good_pictures_becomes_a_release(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plate"
    result = loupe("fit", "--images", good_folder, "--out", out, "--part", "plate", *SMALL)
    assert result.exit_code == 0
    manifest = open_release(out).manifest
    assert f"release        {manifest.id} in {out}" in result.stdout
    assert "11 in the bank, 1 kept as reference" in result.stdout
    assert (manifest.part, manifest.preprocessing.size) == ("plate", 64)


def test_json_is_one_object_and_nothing_else(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plate"
    result = loupe("fit", "--images", good_folder, "--out", out, "--json", *SMALL)
    report = json.loads(result.stdout)
    manifest = open_release(out).manifest
    assert report["release"] == manifest.id
    assert (report["review_limit"], report["reject_limit"]) == (
        manifest.limits.t1,
        manifest.limits.t2,
    )
    assert report["n_good"] == 11


@pytest.mark.parametrize("method", list(MethodName))
def test_any_method_can_be_fitted(
    loupe: Loupe, good_folder: Path, tmp_path: Path, method: MethodName
) -> None:
    out = tmp_path / "plate"
    result = loupe("fit", "--images", good_folder, "--out", out, "--method", method, "--size", 64)
    assert result.exit_code == 0, result.stderr
    assert open_release(out).manifest.method is method


def test_a_methods_own_settings_reach_the_manifest(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plate"
    fit = ("fit", "--images", good_folder, "--out", out, "--size", 64, "--method", "padim")
    result = loupe(*fit, "--set", "channels=7", "--set", "channel_seed = 3")
    assert result.exit_code == 0, result.stderr
    assert open_release(out).manifest.parameters == PadimParameters(channels=7, channel_seed=3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--set", "channels"), "takes NAME=VALUE, not 'channels'. The settings of padim are"),
        (("--set", "colour=3"), "The settings of padim are channels, channel_seed"),
        (("--set", "channels=0"), "setting channels of padim: Input should be greater"),
        (("--coreset", 0.1), "padim has none"),
    ],
)
def test_settings_the_method_does_not_have_are_refused(
    loupe: Loupe, good_folder: Path, tmp_path: Path, wrong: tuple[object, ...], said: str
) -> None:
    fit = ("fit", "--images", good_folder, "--out", tmp_path / "plate", "--method", "padim")
    result = loupe(*fit, *wrong)
    assert result.exit_code == 1 and said in result.stderr


def test_every_option_reaches_the_manifest(loupe: Loupe, good_folder: Path, tmp_path: Path) -> None:
    out, masks = tmp_path / "plate", tmp_path / "masks.json"
    masks.write_text('{"include": [[[0, 0], [60, 0], [60, 60], [0, 60]]], "exclude": []}')
    result = loupe(
        *("fit", "--images", good_folder, "--out", out, "--method", "patchcore"),
        *("--backbone", "gabor", "--weights", "builtin", "--layers", "4, 8", "--size", 96),
        *("--coreset", 0.5, "--roi", "8,4,48,60", "--masks", masks, "--false-alarm-rate", 0.1),
        *("--part-pattern", r"(part\d+)", "--seed", 3, "--device", "cpu"),
        *("--rule", "score or region", "--min-region-px", 30),
    )
    assert result.exit_code == 0, result.stderr
    manifest = open_release(out).manifest
    assert manifest.backbone.layers == ("stride4", "stride8")
    assert manifest.parameters.coreset == 0.5
    assert manifest.preprocessing.roi is not None
    assert manifest.preprocessing.roi.model_dump() == {"x": 8, "y": 4, "width": 48, "height": 60}
    assert manifest.preprocessing.masks.include[0][1] == (60, 0)
    assert manifest.preprocessing.source_size == (HEIGHT, 96)
    assert manifest.calibration.false_alarm_rate == 0.1
    assert manifest.rule == Rule(kind="score or region", min_region_px=30)
    assert (manifest.part_pattern, manifest.seed) == (r"(part\d+)", 3)
    assert manifest.pictures[0].group.startswith("part0")


def test_without_a_place_to_write_to_the_station_keeps_the_release(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    report = json.loads(loupe("fit", "--images", good_folder, "--json", *SMALL).stdout)
    assert Path(report["folder"]) == tmp_path / "data" / "releases" / report["release"]
    (row,) = json.loads(loupe("releases", "list", "--json").stdout)["releases"]
    assert row["release"] == report["release"]
    elsewhere = tmp_path / "elsewhere"
    result = loupe("fit", "--images", good_folder, "--data-dir", elsewhere, *SMALL)
    (folder,) = (path for path in (elsewhere / "releases").iterdir() if path.name != "blobs")
    assert f"release        {folder.name} in {folder}" in result.stdout


def test_a_release_written_to_a_folder_needs_no_data_folder(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    out, data = tmp_path / "plate", tmp_path / "file" / "data"
    result = loupe("fit", "--images", good_folder, "--out", out, "--data-dir", data, *SMALL)
    assert result.exit_code == 0, result.stderr
    assert loupe("fit", "--images", good_folder, "--data-dir", data, *SMALL).exit_code == 1


def test_the_screen_says_which_interval_it_is(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    arguments = ("fit", "--images", good_folder, *SMALL)
    result = loupe(*arguments, "--out", tmp_path / "none")
    assert "0 of 11 held out; at most 23.8 % with 95 % confidence (one-sided)" in result.stdout
    result = loupe(*arguments, "--out", tmp_path / "two", "--false-alarm-rate", 0.2)
    assert "2 of 11 held out; between 2.3 % and 51.8 % with" in result.stdout
    assert "(two-sided)" in result.stdout


def test_a_picture_that_the_others_do_not_vouch_for_is_named_and_kept(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    mixed, out = tmp_path / "mixed", tmp_path / "plate"
    shutil.copytree(good_folder, mixed)
    save_png(spotted(good_image(500), radius=14), mixed / "part500.png")
    result = loupe("fit", "--images", mixed, "--seed", 1, "--json", "--out", out, *SMALL)
    (suspect,) = json.loads(result.stdout)["suspects"]
    assert suspect["picture"] == "part500.png"
    assert suspect["deviations"] > 5
    manifest = open_release(out).manifest
    place = [picture.name for picture in manifest.pictures].index("part500.png")
    assert manifest.calibration.scores[place] == suspect["score"], "it is still in the bank"
    lines = "\n".join(limits_lines(manifest))
    assert f"look at        part500.png: score {suspect['score']:.4g}" in lines
    assert "take it out of the folder and fit again" in lines


def test_nobody_is_sent_to_look_at_good_pictures() -> None:
    manifest = the_release().manifest
    assert limits_report(manifest)["suspects"] == []
    assert not any(line.startswith("look at") for line in limits_lines(manifest))


def test_the_report_says_how_many_pictures_the_stated_rate_needs() -> None:
    manifest = the_release().manifest
    assert limits_report(manifest)["good_pictures_missing"] == 288
    assert any("needs 288 more good pictures: only of 299" in it for it in limits_lines(manifest))
    generous = manifest.calibration.model_copy(update={"false_alarm_rate": 0.25})
    enough = manifest.model_copy(update={"calibration": generous})
    assert limits_report(enough)["good_pictures_missing"] == 0
    assert not any("more good pictures" in line for line in limits_lines(enough))


WRONG: dict[str, tuple[tuple[object, ...], str]] = {
    "roi with three numbers": (("--roi", "1,2,3"), "--roi takes x,y,w,h"),
    "roi of words": (("--roi", "all"), "--roi takes x,y,w,h"),
    "roi of no width": (("--roi", "1,1,0,5"), "width"),
    "roi left of the picture": (("--roi", "-1,0,10,10"), "--roi takes x,y,w,h"),
    "roi beyond the picture": (("--roi", "50,0,90,20"), "reaches beyond the picture of 96 × 72"),
    "masks that are not there": (
        ("--masks", "{tmp}/none.json"),
        "none.json: No such file or directory. Check the",
    ),
    "masks that are no JSON": (("--masks", "{tmp}/text.json"), "is no JSON"),
    "masks in another encoding": (("--masks", "{tmp}/utf16.json"), "is no JSON"),
    "masks of another shape": (("--masks", "{tmp}/list.json"), "list.json has another form"),
    "masks by another name": (("--masks", "{tmp}/names.json"), 'than {"include": [[[x, y],'),
    "a polygon of two corners": (("--masks", "{tmp}/thin.json"), "at least 3 corners"),
    "a polygon of words": (("--masks", "{tmp}/words.json"), "number"),
    "a size that is not whole": (
        ("--size", 100),
        "size: a multiple of 32 from 64 to",
    ),
    "a coreset of 2": (("--coreset", 2), "coreset"),
    "a rule nobody knows": (("--rule", "area"), "rule.kind: Input should be 'score', 'score or"),
    "an area for a rule without": (("--min-region-px", 9), "--min-region-px is for the rules"),
    "a region of less than nothing": (
        ("--rule", "score or region", "--min-region-px", -1),
        "rule.min_region_px: Input should be greater",
    ),
    "regions without a map": (
        ("--rule", "score and region", "--method", "mahalanobis"),
        "mahalanobis has no map",
    ),
    "a rate of 1": (("--false-alarm-rate", 1), "false_alarm_rate"),
    "no regular expression": (("--part-pattern", "("), "no regular expression"),
    "a pattern without a group": (("--part-pattern", "part"), "needs one group"),
    "a backbone nobody knows": (("--backbone", "resnet19", "--weights", "timm"), "resnet19"),
    "a backbone nobody knows and no weights": (("--backbone", "nosuch"), "no CNN named 'nosuch'"),
    "masks beside the picture": (
        ("--masks", "{tmp}/beside.json"),
        ": The masks leave nothing to inspect of the 96 × 72 pixels",
    ),
    "a layer nobody knows": (("--layers", "7"), "7"),
    "weights for the built-in": (("--weights", "{tmp}/w.pth"), "has its own weights"),
    "no weights": (("--backbone", "resnet18"), "no built-in weights"),
    "weights that are not there": (
        ("--backbone", "resnet18", "--weights", "{tmp}/none.pth"),
        "cannot be read",
    ),
    "weights that are none": (
        ("--backbone", "resnet18", "--weights", "{tmp}/text.json"),
        "damaged or not a plain state dict",
    ),
    "weights of another net": (
        ("--backbone", "resnet18", "--weights", "{tmp}/w.pth"),
        "do not belong to resnet18",
    ),
    "a device nobody knows": (("--device", "abacus"), "There is no device 'abacus'"),
    "a folder that is not there": (("--images", "{tmp}/nowhere"), "Name a folder that exists"),
    "a file for a folder": (("--images", "{tmp}/text.json"), "could not be read"),
    "a folder of folders": (
        ("--images", "{tmp}"),
        "it holds the folders bad, few. Name the folder",
    ),
    "too few pictures": (("--images", "{tmp}/few"), "at least 5 good pictures; there are 2"),
    "a picture that cannot be read": (("--images", "{tmp}/bad"), "part002.png"),
    "a release that is there": (("--out", "{tmp}/few"), "exists already"),
    "a place that is no folder": (("--out", "{tmp}/text.json/r"), "text.json"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_sentence(
    loupe: Loupe, good_folder: Path, tmp_path: Path, what: str
) -> None:
    arguments, sentence = WRONG[what]
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "utf16.json").write_text('{"include": []}', encoding="utf-16")
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "names.json").write_text('{"inside": []}')
    (tmp_path / "beside.json").write_text('{"include": [[[900, 0], [999, 0], [999, 99]]]}')
    (tmp_path / "thin.json").write_text('{"include": [[[0, 0], [9, 9]]]}')
    (tmp_path / "words.json").write_text('{"include": [[["a", 0], [9, 9], [0, 9]]]}')
    torch.save({"layer": torch.zeros(2)}, tmp_path / "w.pth")
    save_good(tmp_path / "few", 2)
    save_good(tmp_path / "bad", 7)
    (tmp_path / "bad" / "part002.png").write_bytes(b"\x89PNG no more")
    options: dict[str, object] = {"--images": good_folder, "--out": tmp_path / "r", "--size": 64}
    given = [str(argument).replace("{tmp}", str(tmp_path)) for argument in arguments]
    options |= dict(zip(given[::2], given[1::2], strict=True))
    result = loupe("fit", "--json", *(piece for option in options.items() for piece in option))
    assert (result.exit_code, result.stdout) == (1, "")
    # The progress bar may have drawn on the same stream before.
    assert result.stderr.strip().splitlines()[-1].lstrip().startswith("loupe: "), result.stderr
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--method", "magic"), ("--colour", "red"), ("--seed", "1.5")],
)
def test_what_is_not_understood_exits_with_2(
    loupe: Loupe, good_folder: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    result = loupe("fit", "--images", good_folder, "--out", tmp_path / "r", *arguments)
    assert result.exit_code == 2


def test_a_long_part_is_looked_at_in_a_long_picture(
    loupe: Loupe, good_folder: Path, tmp_path: Path
) -> None:
    fit = ("fit", "--images", good_folder, "--out", tmp_path / "r", "--size", "96x64", "--json")
    result = loupe(*fit)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["size"] == "96x64"
    assert open_release(tmp_path / "r").manifest.preprocessing.shape == (64, 96)


def test_pictures_of_different_sizes_are_fine_without_masks(loupe: Loupe, tmp_path: Path) -> None:
    for number in range(6):
        save_png(good_image(number)[: 60 + number], tmp_path / "good" / f"{number}.png")
    out = tmp_path / "r"
    assert loupe("fit", "--images", tmp_path / "good", "--out", out, *SMALL).exit_code == 0
