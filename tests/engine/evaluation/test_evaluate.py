"""A whole evaluation over real picture files; only the release is a stand-in."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from engine.errors import ModelError, RecipeError
from engine.evaluation.datasets import open_dataset
from engine.evaluation.evaluate import evaluate
from engine.evaluation.metrics import f1_max, image_auroc
from engine.types import FitStep, Frame, Inspection, Limits, Verdict

LIMITS = Limits(t1=0.3, t2=0.6, pixel=0.5)
SPOT = (slice(4, 8), slice(6, 12))


def inspect_brightness(frame: Frame) -> Inspection:
    """Stand in for a release: the brighter, the more abnormal; the map is the picture, halved."""
    grey = frame.image[..., 0].astype(np.float32) / 255
    score = float(grey.max())
    return Inspection(
        frame=frame,
        score=score,
        map=grey[::2, ::2],
        shown_map=grey[::2, ::2],
        regions=(),
        limits=LIMITS,
        verdict=Verdict.NG if score > 0.6 else Verdict.REVIEW if score > 0.3 else Verdict.OK,
        release_id="stand-in",
        stage_ms={"method": float(frame.origin.number)},
    )


def enlarge(shown: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(shown, size[::-1], interpolation=cv2.INTER_NEAREST)


def save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(values.astype(np.uint8)).save(path)


def part(spot: int = 0, size: tuple[int, int] = (16, 24)) -> np.ndarray:
    values = np.full(size, 20)
    values[SPOT] = max(spot, 20)
    return values


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, spot in enumerate([20, 30, 90, 200]):
        save(tmp_path / f"test/good/{number}.png", part(spot))
    for number, spot in enumerate([250, 240]):
        save(tmp_path / f"test/crack/{number}.png", part(spot))
        mask = np.zeros((16, 24))
        mask[SPOT] = 255
        save(tmp_path / f"ground_truth/crack/{number}_mask.png", mask)
    save(tmp_path / "test/fray/0.png", part(40))
    return tmp_path


def run(folder: Path, map_to_source=enlarge, inspect=inspect_brightness, memory=None):
    steps = evaluate(
        inspect,
        open_dataset(folder),
        map_to_source,
        method="patchcore",
        backbone="gabor",
        release_mb=1.5,
        memory=memory,
    )
    seen: list[FitStep] = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return seen, end.value


def test_the_figures_of_a_small_set(folder):
    _, found = run(folder)
    assert (found.method, found.backbone, found.release_mb) == ("patchcore", "gabor", 1.5)
    assert (found.n_good, found.n_defective, found.n_unreadable) == (4, 3, 0)
    scores, labels = [20, 30, 90, 200, 250, 240, 40], [False] * 4 + [True] * 3
    assert found.image_auroc == image_auroc(scores, labels)
    assert found.image_auroc_95[0] < found.image_auroc < found.image_auroc_95[1]
    assert found.per_class == {"crack": 1.0, "fray": 0.5}
    assert found.latency_ms["p50"] == 4.0
    assert found.latency_ms["p95"] == pytest.approx(np.percentile(range(1, 8), 95))


def test_every_figure_has_its_interval(folder):
    save(folder / "test/crack/2.png", part(100))
    mask = np.zeros((16, 24))
    mask[SPOT] = 255
    save(folder / "ground_truth/crack/2_mask.png", mask)
    _, found = run(folder)
    scores = np.array([20, 30, 90, 200, 250, 240, 100, 40]) / 255
    labels = np.array([False] * 4 + [True] * 4)
    best = f1_max(scores, labels)
    assert (found.image_f1_max, found.image_f1_max_threshold) == pytest.approx(
        (best.f1, best.threshold)
    )
    for name in ("image_average_precision", "image_f1_max", "pixel_auroc", "au_pro_30"):
        low, high = getattr(found, name + "_95")
        assert low <= getattr(found, name) <= high
        assert low < high
    # The spots of 250 and 240 stand out above the pixel limit exactly as marked, that of 100 not.
    assert found.region_iou == pytest.approx(2 / 3)
    assert found.region_iou_95 == (0.0, 1.0)


def test_verdicts_at_the_limits_of_the_release(folder):
    _, found = run(folder)
    assert found.verdicts == {
        "good": {"OK": 2, "REVIEW": 1, "NG": 1},
        "crack": {"OK": 0, "REVIEW": 0, "NG": 2},
        "fray": {"OK": 1, "REVIEW": 0, "NG": 0},
    }
    assert found.overkill == 0.25
    assert found.overkill_95[0] < 0.25 < found.overkill_95[1]
    assert found.missed_share == pytest.approx(1 / 3)


def test_a_defective_picture_without_a_mask_is_left_out_of_the_pixel_figures(folder):
    save(folder / "test/fray/0.png", part(255))  # taken as all good, it would cost pixel AUROC
    _, found = run(folder)
    assert found.n_without_mask == 1
    assert found.n_defects == 2
    assert found.pixel_auroc == 1.0
    assert any("not marked" in remark for remark in found.remarks)


def test_an_empty_mask_on_a_defective_picture_is_no_mask(folder):
    save(folder / "test/fray/0.png", part(255))
    save(folder / "ground_truth/fray/0_mask.png", np.zeros((16, 24)))
    _, found = run(folder)
    assert (found.n_without_mask, found.pixel_auroc) == (1, 1.0)


def test_pixels_outside_the_roi_are_left_out_and_said_so(folder):
    def left_half(shown, size):
        whole = enlarge(shown, size)
        whole[:, size[1] // 2 :] = np.nan
        return whole

    _, found = run(folder, left_half)
    assert found.pixel_share_outside == 0.5
    assert any("50.0%" in remark for remark in found.remarks)


def test_progress_counts_every_picture(folder):
    steps, _ = run(folder)
    assert [step.done for step in steps[:-1]] == list(range(1, 8))
    assert {step.total for step in steps[:-1]} == {7}
    assert steps[-2].seconds_left == 0.0


def test_unreadable_pictures_are_counted_and_named(folder):
    (folder / "test/good/1.png").write_bytes(b"not a picture at all")
    _, found = run(folder)
    assert (found.n_unreadable, found.n_good) == (1, 3)
    assert any("1.png" in remark for remark in found.remarks)


def test_only_unreadable_pictures_are_an_error(folder):
    for path in (folder / "test").rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(RecipeError, match="None of the test pictures could be inspected"):
        run(folder)


def test_a_picture_the_release_refuses_is_counted_and_named(folder):
    save(folder / "test/good/1.png", part(30, size=(18, 24)))

    def refuse_other_sizes(frame: Frame) -> Inspection:
        if frame.image.shape[:2] != (16, 24):
            raise RecipeError("The masks were drawn on pictures of 24 × 16 pixels.")
        return inspect_brightness(frame)

    _, found = run(folder, inspect=refuse_other_sizes)
    assert (found.n_unreadable, found.n_good) == (1, 3)
    (remark,) = (remark for remark in found.remarks if "could not be inspected" in remark)
    assert str(folder / "test/good/1.png") + ": The masks were drawn on" in remark


@pytest.mark.parametrize("error", [ModelError("It has no score."), ValueError("A score of nan.")])
def test_a_picture_without_a_score_is_counted_and_named(folder, error):
    def refuse_one(frame: Frame) -> Inspection:
        if frame.origin.number == 2:
            raise error
        return inspect_brightness(frame)

    _, found = run(folder, inspect=refuse_one)
    assert (found.n_unreadable, found.n_good + found.n_defective) == (1, 6)
    assert any(str(error) in remark for remark in found.remarks)


def test_a_mask_of_another_size_ends_the_evaluation(folder):
    save(folder / "ground_truth/crack/0_mask.png", np.full((8, 12), 255))
    with pytest.raises(RecipeError, match="its picture 24 × 16"):
        run(folder)


def test_plain_folders_have_no_pixel_figures(tmp_path):
    save(tmp_path / "ok/a.png", part(20))
    save(tmp_path / "ng/b.png", part(250, size=(20, 30)))

    def never(shown, size):
        raise AssertionError("There is no mask to compare a map with.")

    _, found = run(tmp_path, never)
    assert found.image_auroc == 1.0
    assert (found.pixel_auroc, found.au_pro_30, found.n_without_mask) == (None, None, 1)
    assert (found.au_pro_05, found.pixel_auroc_95, found.region_iou) == (None, None, None)
    assert found.per_class == {"ng": 1.0}
    assert any("no masks" in remark for remark in found.remarks)


def test_a_release_without_a_map_has_no_pixel_figures_and_says_why(folder):
    def without_a_map(frame: Frame) -> Inspection:
        return replace(inspect_brightness(frame), map=None, shown_map=None)

    _, found = run(folder, inspect=without_a_map)
    assert (found.pixel_auroc, found.au_pro_30, found.region_iou) == (None, None, None)
    assert found.remarks == (
        "The release scores pictures as a whole and cannot say where, so there are no pixel "
        "figures.",
    )


def test_pixels_that_do_not_fit_into_memory_are_left_out_and_said_so(folder):
    (folder / "test/crack/0.png").write_bytes(b"the first picture says nothing of the size")
    _, found = run(folder, memory=7 * 16 * 24 * 8)
    assert (found.pixel_auroc, found.n_defects, found.region_iou) == (None, 0, None)
    assert found.image_auroc is not None
    _, remark = found.remarks
    assert "so they are left out. Give fewer pictures for them." in remark
    _, found = run(folder, memory=7 * 16 * 24 * 10)
    assert found.pixel_auroc is not None


def test_the_report_is_plain_json(folder):
    _, found = run(folder)
    again = json.loads(json.dumps(asdict(found), allow_nan=False))
    assert again["latency_ms"].keys() == {"p50", "p95"}
    assert again["au_pro_30"] == found.au_pro_30
