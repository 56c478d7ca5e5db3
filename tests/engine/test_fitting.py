"""Good pictures to a release: repeatable, honest about held-out pictures, and cancelled at will."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import typer

from engine.errors import PictureError, RecipeError, WeightsError
from engine.fitting import FEWEST_PICTURES, fit
from engine.inspector import Inspector
from engine.parameters import PatchCoreParameters
from engine.pictures import file_pictures, image_sha256, list_pictures
from engine.recipe import Masks, Recipe, Roi, Rule
from engine.releases.folder import FittedRelease, write_release
from engine.types import Inspection, Verdict
from tests.small_parts import (
    HEIGHT,
    WIDTH,
    DrawnPicture,
    finished,
    fitted,
    frame_of,
    good_image,
    good_pictures,
    save_good,
    small_recipe,
    spotted,
    the_release,
)

TOP_LEFT = Roi(x=0, y=0, width=48, height=48)
LEFT_HALF = Masks(include=(((0, 0), (48, 0), (48, HEIGHT), (0, HEIGHT)),))


def _inspect(fitted_release: FittedRelease, folder: Path, *images: np.ndarray) -> list[Inspection]:
    inspector = Inspector.open(write_release(fitted_release, folder), "cpu")
    return [inspector.inspect(frame_of(image)) for image in images]


def _tensors(release: FittedRelease, name: str) -> dict[str, np.ndarray]:
    data = release.blobs[release.manifest.blobs[name]]
    return {key: tensor.numpy() for key, tensor in safetensors.torch.load(data).items()}


def test_the_same_pictures_and_seed_give_the_same_bits() -> None:
    again, first = fitted(), the_release()
    assert again.blobs == first.blobs
    for field in ("limits", "calibration", "reference", "pictures", "picture_health", "blobs"):
        assert getattr(again.manifest, field) == getattr(first.manifest, field)


def test_another_seed_keeps_another_picture_as_reference() -> None:
    spared = set()
    for seed in range(4):
        names = {p.name for p in fitted(small_recipe(seed=seed)).manifest.pictures}
        spared |= {picture.name for picture in good_pictures()} - names
    assert len(spared) > 1


def test_the_reference_picture_is_not_in_the_bank(tmp_path: Path) -> None:
    pictures, manifest = good_pictures(), the_release().manifest
    spared = {p.name for p in pictures} - {p.name for p in manifest.pictures}
    assert len(spared) == 1
    assert manifest.reference.scores[0] > 0, "it would be 0 for a picture of the bank"
    good, scratched, spotted_ = _tensors(the_release(), "references")["squares"]
    square = manifest.preprocessing.square(next(p for p in pictures if p.name in spared).image)
    np.testing.assert_array_equal(good, square)
    assert (scratched != good).any() and (spotted_ != good).any() and (spotted_ != scratched).any()
    assert min(manifest.reference.scores[1:]) > manifest.reference.scores[0]


def test_twins_of_the_reference_picture_stay_out_of_the_bank_too() -> None:
    twins = [
        DrawnPicture(f"{letter}-{picture.name}", picture.image, f"{letter}-{picture.name}")
        for picture in good_pictures(6)
        for letter in "ab"
    ]
    manifest = fitted(pictures=twins).manifest
    assert manifest.reference.scores[0] > 0
    assert len(manifest.pictures) == 10


def test_the_manifest_says_what_was_fitted_on() -> None:
    manifest, pictures = the_release().manifest, {p.name: p for p in good_pictures()}
    assert len(manifest.pictures) == len(pictures) - 1
    for record in manifest.pictures:
        assert record.sha256 == image_sha256(pictures[record.name].image)
    assert len(manifest.calibration.scores) == len(manifest.pictures)
    assert len(manifest.calibration.map_peaks) == len(manifest.pictures)
    assert manifest.backbone.name == "gabor"
    assert manifest.limits == manifest.fitted_limits
    assert set(manifest.blobs) == {"method", "references"}
    assert manifest.parameters.descriptor == "concat", "what auto meant is written down"


def test_a_picture_given_twice_does_not_vouch_for_itself() -> None:
    pictures = good_pictures()
    alone = fitted(pictures=pictures).manifest
    copies = [DrawnPicture(f"copy of {p.name}", p.image, f"copy of {p.name}") for p in pictures]
    manifest = fitted(pictures=[*pictures, *copies]).manifest
    assert min(manifest.calibration.scores) > 0
    groups = {record.sha256: set[str]() for record in manifest.pictures}
    for record in manifest.pictures:
        groups[record.sha256].add(record.group)
    assert all(len(group) == 1 for group in groups.values())
    assert manifest.limits.t2 > 0.3 * alone.limits.t2


def test_pictures_of_one_part_are_held_out_together() -> None:
    """Two exposures of one part are nearly the same; alone, each would vouch for the other."""
    exposures = [
        DrawnPicture(f"part{n:02}_{k}.png", np.uint8(good_image(n) + k), f"{n:02}")
        for n in range(8)
        for k in range(2)
    ]
    apart = [DrawnPicture(p.name, p.image, p.name) for p in exposures]
    honest = fitted(pictures=exposures).manifest.calibration.scores
    lying = fitted(pictures=apart).manifest.calibration.scores
    assert np.median(honest) > 1.1 * np.median(lying)


def test_a_black_picture_is_no_good_part() -> None:
    pictures = good_pictures()
    pictures[3] = DrawnPicture("cap on.png", np.uint8(pictures[3].image * 0.02), "3")
    with pytest.raises(RecipeError, match=r"cap on\.png: The picture is black.* Take it out\."):
        fitted(pictures=pictures)


def test_the_part_pattern_makes_the_groups(tmp_path: Path) -> None:
    pattern = r"(part\d\d)\d"
    save_good(tmp_path, 25)
    recipe = small_recipe(part_pattern=pattern)
    pictures = file_pictures(list_pictures(tmp_path), pattern)
    manifest = finished(fit(recipe, pictures, device="cpu")).manifest
    assert {record.group for record in manifest.pictures} == {"part00", "part01", "part02"}
    assert manifest.part_pattern == pattern


@pytest.mark.parametrize("count", [0, 1, FEWEST_PICTURES - 1])
def test_too_few_pictures_are_a_sentence(count: int) -> None:
    with pytest.raises(RecipeError, match=rf"at least {FEWEST_PICTURES}.*there are {count}\."):
        fitted(pictures=good_pictures(count))


def test_the_fewest_pictures_are_enough(tmp_path: Path) -> None:
    release = fitted(pictures=good_pictures(FEWEST_PICTURES))
    (bad,) = _inspect(release, tmp_path / "r", spotted(good_image(99)))
    assert bad.verdict is Verdict.NG


def test_one_part_alone_is_a_sentence() -> None:
    pictures = [DrawnPicture(p.name, p.image, "the only part") for p in good_pictures()]
    with pytest.raises(RecipeError, match="belong to one part"):
        fitted(pictures=pictures)


def test_the_same_picture_many_times_is_a_sentence() -> None:
    pictures = [DrawnPicture(f"{n}.png", good_image(0), f"{n}") for n in range(9)]
    with pytest.raises(RecipeError, match="belong to one part"):
        fitted(pictures=pictures)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    save_good(tmp_path, 7)
    (tmp_path / "part003.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(PictureError, match=r"part003\.png"):
        finished(fit(small_recipe(), file_pictures(list_pictures(tmp_path)), device="cpu"))


def test_a_roi_that_reaches_beyond_the_pictures_is_a_sentence() -> None:
    with pytest.raises(RecipeError, match="reaches beyond the picture of 96 × 72"):
        fitted(small_recipe(roi=Roi(x=60, y=0, width=48, height=48)))


@pytest.mark.parametrize("odd", range(7))
def test_a_picture_of_another_size_is_named(odd: int) -> None:
    pictures = good_pictures(7)
    pictures[odd] = DrawnPicture("odd.png", pictures[odd].image[:60], "odd.png")
    roi = Roi(x=0, y=0, width=48, height=HEIGHT)
    with pytest.raises(RecipeError, match=r"^odd\.png: .*beyond the picture of 96 × 60"):
        fitted(small_recipe(roi=roi), pictures)


def test_masks_that_leave_nothing_are_a_sentence() -> None:
    everything = Masks(exclude=(((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)),))
    with pytest.raises(RecipeError, match=r"part\d+\.png: The masks leave nothing to inspect"):
        fitted(small_recipe(masks=everything))


def test_weights_that_cannot_be_had_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        fitted(small_recipe(backbone="resnet18", weights=str(tmp_path / "none.pth")))


def test_a_defect_outside_the_roi_changes_nothing(tmp_path: Path) -> None:
    image = good_image(100)
    outside = spotted(image, x=70, y=40, radius=9)
    inside = spotted(image, x=24, y=24, radius=6)
    clean, out, in_ = _inspect(
        fitted(small_recipe(roi=TOP_LEFT)), tmp_path / "r", image, outside, inside
    )
    assert (clean.score, clean.regions) == (out.score, out.regions)
    np.testing.assert_array_equal(clean.map, out.map)
    assert in_.verdict is Verdict.NG
    for region in in_.regions:
        assert region.x >= 0 and region.x + region.width <= TOP_LEFT.x + TOP_LEFT.width


def test_a_defect_behind_a_mask_changes_nothing(tmp_path: Path) -> None:
    image = good_image(100)
    # Up to the mask's very edge: nothing may leak over it in resizing or in the backbone.
    outside = image.copy()
    outside[:, 48:] = 255
    inside = spotted(image, x=20, y=36, radius=6)
    clean, out, in_ = _inspect(
        fitted(small_recipe(masks=LEFT_HALF)), tmp_path / "r", image, outside, inside
    )
    assert clean.score == out.score
    np.testing.assert_array_equal(clean.map, out.map)
    np.testing.assert_array_equal(clean.shown_map, out.shown_map)
    assert in_.verdict is Verdict.NG
    assert in_.map is not None and in_.shown_map is not None
    columns = in_.map.shape[1] // 2
    assert np.isnan(in_.map[:, columns:]).all() and np.isfinite(in_.map[:, :columns]).all()
    assert np.isnan(in_.shown_map[:, 32:]).all() and np.isfinite(in_.shown_map[:, :32]).all()


def test_the_references_stay_inside_the_mask() -> None:
    release = fitted(small_recipe(masks=LEFT_HALF))
    good, *defective = _tensors(release, "references")["squares"]
    for square in defective:
        assert (square[:, :31] != good[:, :31]).any()
        np.testing.assert_array_equal(square[:, 33:], good[:, 33:])


def test_steps_say_how_far_it_is() -> None:
    steps = list(fit(small_recipe(), good_pictures(), device="cpu"))
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages[:2] == ["Opening the backbone", "Looking at the good pictures"]
    assert stages[-4:] == [
        "Scoring what was held out",
        "Placing the limits",
        "Counting the false alarms",
        "Sealing the release",
    ]
    assert all(0 <= step.fraction <= 1 for step in steps)
    looking = [step for step in steps if step.stage == "Looking at the good pictures"]
    assert [step.done for step in looking] == list(range(1, 13))
    assert looking[-1].seconds_left == 0
    for stage in ("Laying out what was seen", "Scoring what was held out"):
        left = [step.seconds_left for step in steps if step.stage == stage]
        assert all(seconds is not None and seconds >= 0 for seconds in left)
        assert left[-1] == 0


def test_the_limits_are_placed_in_short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.fitting.limits.STEP_S", 0.0)
    steps = list(fit(small_recipe(false_alarm_rate=0.2), good_pictures(), device="cpu"))
    for stage in ("Placing the limits", "Counting the false alarms"):
        of_it = [step for step in steps if step.stage == stage]
        assert [step.done for step in of_it] == list(range(12)), "one kept as reference"
        assert of_it[-1].seconds_left == 0


def test_the_limits_are_those_of_all_shown_maps_at_once() -> None:
    """The definition, with every map enlarged for its regions: the short way changes no number."""
    recipe = small_recipe(
        false_alarm_rate=0.2, rule=Rule(kind="score or region", min_region_px=1.0)
    )
    manifest = fitted(recipe).manifest
    assert manifest.calibration.n_alarms == sum(
        score > manifest.limits.t2 or peak > manifest.limits.pixel
        for score, peak in zip(
            manifest.calibration.scores, manifest.calibration.map_peaks, strict=True
        )
    )
    assert manifest.calibration.n_alarms > 0


@pytest.mark.parametrize("after", [0, 1, 5, 13, 20])
def test_a_cancelled_fit_leaves_nothing_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = fit(small_recipe(), good_pictures(), device="cpu")
    for _ in range(after):
        next(steps)
    steps.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StopIteration):
        next(steps)


@pytest.mark.slow
def test_how_long_the_steps_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Told, not asserted: the machine that runs the tests may be busy."""
    recipe = small_recipe(size=224, parameters=PatchCoreParameters())
    lengths, began = [], time.perf_counter()
    for _ in fit(recipe, good_pictures(40), device="cpu"):
        lengths.append((time.perf_counter() - began) * 1e3)
        began = time.perf_counter()
    p50, p95 = np.percentile(lengths, (50, 95))
    with capsys.disabled():
        typer.echo(
            f"\nfit of 40 pictures at 224: {len(lengths)} steps, p50 {p50:.0f} ms, "
            f"p95 {p95:.0f} ms, longest {max(lengths):.0f} ms"
        )


@pytest.mark.slow
@pytest.mark.skipif("LOUPE_PARTS" not in os.environ, reason="LOUPE_PARTS names no folder of parts")
def test_real_parts_lead_to_sane_facts(tmp_path: Path) -> None:
    from engine.evaluation.datasets import open_dataset

    dataset = open_dataset(Path(os.environ["LOUPE_PARTS"]))
    good = [*dataset.train_good, *(p.path for p in dataset.test if p.defect_class is None)]
    bad = [p.path for p in dataset.test if p.defect_class is not None]
    recipe = Recipe(size=128)
    release = write_release(
        finished(fit(recipe, file_pictures(good[:40]), device="cpu")), tmp_path / "r"
    )
    limits = release.manifest.limits
    assert 0 < limits.t1 <= limits.t2
    assert len(release.manifest.calibration.scores) == 39
    inspector = Inspector.open(release, "cpu")
    for picture in file_pictures([*good[40:44], *bad[:: max(1, len(bad) // 6)]]):
        inspection = inspector.inspect(frame_of(picture.load()[0]), unfit_too=True)
        assert np.isfinite(inspection.score)
        assert inspection.map is not None and np.isfinite(inspection.map).all()
        assert inspection.shown_map is not None and inspection.shown_map.shape == (128, 128)
        assert inspection.verdict in set(Verdict)


def test_a_fit_that_needs_more_memory_than_there_is_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.fitting.good_pictures.memory_bytes", lambda device: 1000)
    with pytest.raises(RecipeError, match=r"PatchCore to 11 pictures needs .* Choose fewer"):
        fitted()
