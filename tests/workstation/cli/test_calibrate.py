"""`loupe calibrate` on small pictures that the test makes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from engine.calibration import judge
from engine.inspector import Inspector
from engine.parameters import MahalanobisParameters
from engine.pictures import decode
from engine.recipe import Rule
from engine.releases.folder import MANIFEST, FittedRelease, open_release, write_release
from engine.types import MethodName, Verdict
from tests.small_parts import (
    fitted,
    frame_of,
    good_image,
    save_good,
    save_png,
    small_recipe,
    spotted,
    the_release,
)
from tests.workstation.cli.conftest import Loupe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("known") / "good"
    save_good(folder, 10, first=100)
    return folder


@pytest.fixture(scope="module")
def ng(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From plain spots down to one that hardly shows."""
    folder = tmp_path_factory.mktemp("known") / "ng"
    for number, radius in enumerate((1, 2, 4, 6, 8, 12)):
        save_png(spotted(good_image(200 + number), radius=radius), folder / f"{number}.png")
    return folder


def report(loupe: Loupe, *arguments: object) -> dict[str, Any]:
    result = loupe("calibrate", "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_every_candidate_does_what_it_says_it_does(
    loupe: Loupe, release_folder: Path, good: Path, ng: Path
) -> None:
    found = report(loupe, "--release", release_folder, "--good", good, "--ng", ng)
    assert (found["n_good"], found["n_ng"]) == (10, 6)
    assert list(found["candidates"]) == [
        *("false-alarm-rate", "max-overkill", "max-escape", "zero-escape", "f1-max"),
        "equal-error",
    ]
    inspector = Inspector.open(release_folder, "cpu")
    limits = inspector.release.manifest.limits
    scores = {
        folder: [
            inspector.inspect(frame_of(decode(path.read_bytes(), path.name))).score
            for path in sorted(folder.iterdir())
        ]
        for folder in (good, ng)
    }
    for name, one in [("as it is", found["as_it_is"]), *found["candidates"].items()]:
        n_overkill = sum(score > one["reject_limit"] for score in scores[good])
        n_escape = sum(score <= one["review_limit"] for score in scores[ng])
        assert (one["overkill"]["count"], one["escape"]["count"]) == (n_overkill, n_escape), name
        if n_escape:
            exact = binomtest(n_escape, 6).proportion_ci(0.95, "exact")
            assert one["escape"]["interval_95"] == pytest.approx([exact.low, exact.high])
        if name != "false-alarm-rate":
            ratio = one["review_limit"] / one["reject_limit"]
            assert ratio == pytest.approx(limits.t1 / limits.t2)
    assert found["candidates"]["zero-escape"]["escape"]["count"] == 0
    assert found["candidates"]["max-overkill"]["reject_limit"] == pytest.approx(max(scores[good]))


def test_a_person_reads_what_30_ng_pictures_can_tell(
    loupe: Loupe, release_folder: Path, good: Path, tmp_path: Path
) -> None:
    for number in range(30):
        save_png(spotted(good_image(300 + number)), tmp_path / "ng" / f"{number}.png")
    result = loupe(
        "calibrate", "--release", release_folder, "--good", good, "--ng", tmp_path / "ng"
    )
    assert result.exit_code == 0
    assert "good pictures  10 not fitted on\nNG pictures    30\n" in result.stdout
    assert (
        "Where none of the 30 NG pictures is OK, the share of such parts that escape is at most "
        "9.5 % with 95 % confidence (one-sided)." in result.stdout
    )
    assert "The stated false-alarm rate needs 289 more good pictures" in result.stdout
    (row,) = (line for line in result.stdout.splitlines() if line.startswith("zero-escape"))
    assert "0 of 10 (≤ 25.9 %)" in row and "0 of 30 (≤ 9.5 %)" in row


def test_pictures_the_release_was_fitted_on_are_left_out_and_named(
    loupe: Loupe, release_folder: Path, good: Path, good_folder: Path, ng: Path, tmp_path: Path
) -> None:
    known = open_release(release_folder).manifest.pictures[0].name
    shutil.copytree(good, tmp_path / "good")
    # `the_release` was fitted in memory; the same picture as a file has the hash of its own bytes,
    # so a release fitted on the files is what knows them.
    out = tmp_path / "fitted"
    loupe("fit", "--images", good_folder, "--out", out, "--size", 64, "--coreset", 0.25)
    shutil.copy(good_folder / known, tmp_path / "good" / "renamed.png")
    shutil.copy(good / "part100.png", tmp_path / "good" / "twice.png")
    shutil.copytree(ng, tmp_path / "ng")
    shutil.copy(good_folder / "part003.png", tmp_path / "ng" / "wrong.png")
    arguments = ("--release", out, "--good", tmp_path / "good", "--ng", tmp_path / "ng")
    found = report(loupe, *arguments)
    assert (found["n_good"], found["n_ng"]) == (10, 6)
    assert found["left_out"] == {
        "fitted_on": ["renamed.png"],
        "ng_in_the_bank": ["wrong.png"],
        "copies": ["twice.png"],
        "faults": [],
    }
    assert "they would flatter it: renamed.png." in " ".join(found["remarks"])


def test_pictures_that_a_method_was_kept_from_are_new_to_it(
    loupe: Loupe, good: Path, good_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "fitted"
    fit = ("fit", "--images", good_folder, "--out", out, "--size", 64, "--method", "cfa")
    result = loupe(*fit, "--set", "epochs=1")
    assert "good pictures  8 learned from, 3 kept apart for the limits, 1 kept" in result.stdout
    manifest = open_release(out).manifest
    known, new = manifest.fitted_on[0].name, manifest.held_out[0].name
    shutil.copytree(good, tmp_path / "good")
    shutil.copy(good_folder / known, tmp_path / "good" / "known.png")
    shutil.copy(good_folder / new, tmp_path / "good" / "new.png")
    found = report(loupe, "--release", out, "--good", tmp_path / "good")
    assert found["n_good"] == 11
    assert found["left_out"]["fitted_on"] == ["known.png"]
    assert report(loupe, "--release", out)["n_good"] == 3


def test_applying_makes_a_release_with_parent_and_reason(
    loupe: Loupe, release_folder: Path, good: Path, ng: Path, tmp_path: Path
) -> None:
    before = open_release(release_folder)
    arguments = ("--release", release_folder, "--good", good, "--ng", ng, "--apply", "f1-max")
    reason = ("--reason", "scratches got through", "--person", "Kim")
    found = report(loupe, *arguments, *reason)
    chosen, applied = found["candidates"]["f1-max"], found["applied"]
    after = open_release(Path(applied["folder"]))
    assert after.folder == tmp_path / "data" / "releases" / after.id
    manifest = after.manifest
    assert (manifest.parent, manifest.reason, manifest.person) == (
        before.id,
        "scratches got through",
        "Kim",
    )
    assert (manifest.limits.t1, manifest.limits.t2, manifest.limits.pixel) == (
        chosen["review_limit"],
        chosen["reject_limit"],
        chosen["pixel_limit"],
    )
    assert manifest.blobs == before.manifest.blobs
    assert open_release(release_folder).manifest == before.manifest, "the old one is untouched"
    listed = json.loads(loupe("releases", "list", "--json").stdout)["releases"]
    assert {row["release"] for row in listed} == {before.id, after.id}
    again = report(loupe, "--release", after.id, "--good", good, "--ng", ng)
    assert again["as_it_is"] == chosen
    out = tmp_path / "on a stick"
    lines = loupe("calibrate", *arguments, "--out", out).stdout
    alone = open_release(out)
    assert f"Release {alone.id} in {out} has the new limits; its parent is {before.id}." in lines
    assert alone.manifest.reason == "calibrated: f1-max"
    Inspector.open(alone, "cpu")


def test_without_good_pictures_the_releases_own_held_out_scores_serve(
    loupe: Loupe, release_folder: Path
) -> None:
    manifest = open_release(release_folder).manifest
    found = report(loupe, "--release", release_folder)
    assert found["good_are_held_out_by_the_fit"]
    assert list(found["candidates"]) == ["false-alarm-rate", "max-overkill"]
    limits = found["candidates"]["false-alarm-rate"]
    assert (limits["review_limit"], limits["reject_limit"], limits["pixel_limit"]) == (
        manifest.fitted_limits.t1,
        manifest.fitted_limits.t2,
        manifest.fitted_limits.pixel,
    ), "as the fit placed them"
    assert limits["overkill"]["count"] == manifest.calibration.n_alarms


def test_a_method_without_a_map_has_scores_of_its_own_too(
    loupe: Loupe, ng: Path, tmp_path: Path
) -> None:
    method = {"method": MethodName.MAHALANOBIS, "parameters": MahalanobisParameters()}
    release = write_release(fitted(small_recipe(**method)), tmp_path / "r")
    limits = report(loupe, "--release", release.folder)["candidates"]["false-alarm-rate"]
    fitted_limits = release.manifest.fitted_limits
    assert (limits["review_limit"], limits["reject_limit"], limits["pixel_limit"]) == (
        fitted_limits.t1,
        fitted_limits.t2,
        0,
    )
    assert report(loupe, "--release", release.folder, "--ng", ng)["n_ng"] > 0


def test_a_labelled_data_set(loupe: Loupe, release_folder: Path, good: Path, ng: Path) -> None:
    data = good.parent / "data"
    shutil.copytree(good, data / "good")
    shutil.copytree(ng, data / "bad")
    (data / "bad" / "broken.png").write_bytes(b"\x89PNG no more")
    result = loupe("calibrate", "--release", release_folder, "--data", data, "--json")
    assert result.exit_code == 3, "done, but one picture was a fault"
    found = json.loads(result.stdout)
    assert (found["n_good"], found["n_ng"], len(found["left_out"]["faults"])) == (10, 6, 1)


@pytest.mark.parametrize("kind", ["score or region", "score and region"])
def test_a_rule_with_regions_judges_as_a_whole(
    loupe: Loupe, good: Path, ng: Path, tmp_path: Path, kind: str
) -> None:
    rule = Rule(kind=kind, min_region_px=30)
    plain = the_release()
    manifest = plain.manifest.model_copy(update={"rule": rule}).sealed()
    release = write_release(FittedRelease(manifest, plain.blobs), tmp_path / "r")
    arguments = ("--release", release.folder, "--good", good, "--ng", ng)
    found = report(loupe, *arguments, "--apply", "equal-error", "--out", tmp_path / "new")
    chosen = found["candidates"]["equal-error"]
    inspector = Inspector.open(tmp_path / "new", "cpu")
    verdicts = {}
    for folder in (good, ng):
        found_here = [
            inspector.inspect(frame_of(decode(path.read_bytes(), path.name)))
            for path in sorted(folder.iterdir())
        ]
        verdicts[folder] = [it.verdict for it in found_here]
        assert verdicts[folder] == [
            judge(it.score, it.regions, limits=it.limits, rule=rule) for it in found_here
        ]
    assert chosen["overkill"]["count"] == verdicts[good].count(Verdict.NG)
    assert chosen["escape"]["count"] == verdicts[ng].count(Verdict.OK)
    assert chosen["ng_review"] == verdicts[ng].count(Verdict.REVIEW)
    refused = loupe("calibrate", "--release", release.folder, "--ng", ng)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "counts regions of at least 30 px²" in refused.stderr


WRONG: dict[str, tuple[tuple[object, ...], str]] = {
    "no NG pictures for what needs them": (
        ("--good", "{good}", "--apply", "f1-max"),
        "Limits of f1-max need pictures of NG parts. Give some with --ng.",
    ),
    "the same, before anything is looked at": (
        ("--good", "{tmp}/none", "--apply", "zero-escape"),
        "Limits of zero-escape need pictures of NG parts",
    ),
    "one good picture": (("--good", "{one}", "--ng", "{ng}"), "1 of the 1 good pictures can be"),
    "an empty folder": (("--good", "{tmp}", "--ng", "{ng}"), "There is no picture in"),
    "a folder that is not there": (("--ng", "{tmp}/none"), "Name a folder that exists"),
    "one picture as good and NG": (("--good", "{one}", "--ng", "{one}"), "given as good and as NG"),
    "a damaged release": (("--release", "{damaged}", "--good", "{good}"), "was changed after it"),
    "no release": (("--release", "{tmp}/none", "--good", "{good}"), "holds no release"),
    "a place that is taken": (("--out", "{good}", "--apply", "max-overkill"), "exists already"),
    "no layout": (("--data", "{good}"), "has no layout that Loupe knows"),
    "nothing that can be read": (("--good", "{broken}"), "None of the pictures could be inspected"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_is_one_sentence(
    loupe: Loupe, release_folder: Path, good: Path, ng: Path, tmp_path: Path, what: str
) -> None:
    places = {name: tmp_path / name for name in ("one", "damaged", "broken")}
    places |= {"good": good, "ng": ng, "tmp": tmp_path}
    save_png(good_image(100), places["one"] / "a.png")
    shutil.copytree(release_folder, places["damaged"])
    manifest = places["damaged"] / MANIFEST
    manifest.write_text(manifest.read_text().replace("plate", "plane"))
    places["broken"].mkdir()
    (places["broken"] / "a.png").write_bytes(b"\x89PNG no more")
    arguments, sentence = WRONG[what]
    options: dict[str, object] = {"--release": release_folder}
    given = [str(it).format_map(places) for it in arguments]
    options |= dict(zip(given[::2], given[1::2], strict=True))
    result = loupe("calibrate", "--json", *(piece for pair in options.items() for piece in pair))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip().splitlines()[-1].lstrip().startswith("loupe: "), result.stderr
    assert sentence in result.stderr
    assert not (tmp_path / "data").exists() or not any((tmp_path / "data").rglob(MANIFEST))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--apply", "magic"),
        ("--reason", "because"),
        ("--out", "somewhere"),
        ("--false-alarm-rate", 0.5),
        ("--max-escape", 1),
        ("--data", "a", "--good", "b"),
    ],
)
def test_what_is_not_understood_exits_with_2(
    loupe: Loupe, release_folder: Path, arguments: tuple[object, ...]
) -> None:
    assert loupe("calibrate", "--release", release_folder, *arguments).exit_code == 2
