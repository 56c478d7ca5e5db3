"""The inspector judges by its release, and by nothing that does not reproduce."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from engine.errors import ModelError, RecipeError, UnfitPictureError
from engine.inspector import Inspector
from engine.recipe import Roi
from engine.releases.folder import BLOBS, MANIFEST, FittedRelease, Release, write_release
from engine.releases.library import Library
from engine.types import Verdict
from tests.small_parts import (
    fitted,
    frame_of,
    good_image,
    good_pictures,
    small_recipe,
    spotted,
    the_release,
)


def _resealed(name: str, change: Callable[[dict[str, Tensor]], object], *, folder: Path) -> Release:
    """Change a blob and make all hashes agree again."""
    manifest = the_release().manifest
    old = manifest.blobs[name]
    tensors = dict(safetensors.torch.load(the_release().blobs[old]))
    change(tensors)
    data = safetensors.torch.save(tensors)
    new = hashlib.sha256(data).hexdigest()
    blobs = {k: v for k, v in the_release().blobs.items() if k != old} | {new: data}
    changed = manifest.model_copy(update={"blobs": manifest.blobs | {name: new}})
    return write_release(FittedRelease(changed.sealed(), blobs), folder)


@pytest.fixture
def inspector(tmp_path: Path) -> Inspector:
    return Inspector.open(write_release(the_release(), tmp_path / "plate"), "cpu")


def test_good_and_bad_parts_are_told_apart(inspector: Inspector) -> None:
    assert inspector.inspect(frame_of(good_image(100))).verdict is Verdict.OK
    bad = inspector.inspect(frame_of(spotted(good_image(100), x=60, y=40)))
    assert bad.verdict is Verdict.NG
    assert abs(bad.regions[0].peak_x - 60) <= 8
    assert abs(bad.regions[0].peak_y - 40) <= 8


def test_an_inspection_tells_how_it_came_about(inspector: Inspector) -> None:
    frame = frame_of(good_image(100))
    inspection = inspector.inspect(frame)
    assert inspection.frame is frame
    assert inspection.release_id == inspector.release.id
    assert inspection.limits == inspector.release.manifest.limits
    assert list(inspection.stage_ms) == ["preprocess", "method", "map", "judge"]
    assert all(ms >= 0 for ms in inspection.stage_ms.values())
    assert inspection.latency_ms == sum(inspection.stage_ms.values())
    assert inspection.map is not None and inspection.map.dtype == np.float32
    assert inspection.shown_map is not None and inspection.shown_map.shape == (64, 64)
    assert inspection.score == float(inspection.shown_map.max())


def test_the_health_of_the_picture_is_told(inspector: Inspector) -> None:
    assert inspector.inspect(frame_of(good_image(100))).health.warning == ""
    dimmed = inspector.inspect(frame_of(dimmed_image(0.92)))
    assert -5 < dimmed.health.sigmas["brightness"] < -3
    assert dimmed.health.warning.startswith("The picture is too dark")


def test_an_unfit_picture_has_no_verdict_and_never_reaches_the_backbone(
    inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.delattr(type(inspector._eye), "score")
        with pytest.raises(UnfitPictureError, match="too dark") as caught:
            inspector.inspect(frame_of(dimmed_image(0.5)))
    assert caught.value.reading.values["brightness"] == pytest.approx(59, abs=2)
    assert inspector.inspect(frame_of(dimmed_image(0.5)), unfit_too=True).health.warning


def test_the_pictures_of_the_fit_are_fit(inspector: Inspector) -> None:
    for picture in good_pictures():
        assert inspector.inspect(frame_of(picture.image)).health.warning == ""


def test_the_same_frame_gives_the_same_bits(inspector: Inspector) -> None:
    first, again = (inspector.inspect(frame_of(good_image(100))) for _ in range(2))
    assert first.score == again.score
    np.testing.assert_array_equal(first.shown_map, again.shown_map)


def dimmed_image(share: float) -> np.ndarray:
    return (good_image(100) * share).astype(np.uint8)


def _scale(name: str, factor: float) -> Callable[[dict[str, Tensor]], object]:
    return lambda tensors: tensors.update({name: tensors[name] * factor})


def _one_nan(name: str) -> Callable[[dict[str, Tensor]], object]:
    def change(tensors: dict[str, Tensor]) -> None:
        tensors[name] = tensors[name].clone()
        tensors[name].view(-1)[0] = torch.nan

    return change


@pytest.mark.parametrize(
    ("blob", "change"),
    [
        ("method", _scale("bank", 1.01)),
        ("method", _one_nan("bank")),
        ("references", _scale("maps", 1.01)),
        ("references", _scale("maps", torch.nan)),
        ("references", _one_nan("maps")),
        ("references", lambda tensors: tensors.update(squares=tensors["squares"].flip(0))),
    ],
    ids=["bank", "bank NaN", "maps", "maps all NaN", "maps one NaN", "squares"],
)
def test_it_refuses_where_the_references_do_not_reproduce(
    tmp_path: Path, blob: str, change: Callable[[dict[str, Tensor]], object]
) -> None:
    release = _resealed(blob, change, folder=tmp_path / "r")
    with pytest.raises(ModelError, match=r"does not reproduce.*It will not judge"):
        Inspector.open(release, "cpu")


@pytest.mark.parametrize(
    ("blob", "change"),
    [
        ("method", lambda tensors: tensors.pop("bank")),
        ("method", lambda tensors: tensors.pop("provenance")),
        ("method", lambda tensors: tensors.update(bank=tensors["bank"][:, :-1].contiguous())),
        ("method", lambda tensors: tensors.update(bank=tensors["bank"][:0])),
        ("method", lambda tensors: tensors.update(provenance=tensors["provenance"][:, 0].clone())),
        ("references", lambda tensors: tensors.pop("squares")),
        ("references", lambda tensors: tensors.pop("maps")),
        ("references", lambda tensors: tensors.update(squares=tensors["squares"][:1].clone())),
        ("references", lambda tensors: tensors.update(maps=tensors["maps"][:1].clone())),
        ("references", lambda tensors: tensors.update(maps=tensors["maps"][:, 1:].contiguous())),
    ],
    ids=[
        "no bank",
        "no provenance",
        "narrow bank",
        "empty bank",
        "flat provenance",
        "no squares",
        "no maps",
        "one square",
        "one map",
        "small maps",
    ],
)
def test_a_release_with_foreign_tensors_is_a_sentence(
    tmp_path: Path, blob: str, change: Callable[[dict[str, Tensor]], object]
) -> None:
    release = _resealed(blob, change, folder=tmp_path / "r")
    with pytest.raises(ModelError):
        Inspector.open(release, "cpu")


@pytest.mark.parametrize("name", ["method", "references"])
def test_a_release_that_cites_no_blob_of_a_name_is_a_sentence(tmp_path: Path, name: str) -> None:
    manifest = the_release().manifest
    blobs = {key: sha256 for key, sha256 in manifest.blobs.items() if key != name}
    changed = manifest.model_copy(update={"blobs": blobs}).sealed()
    release = write_release(FittedRelease(changed, the_release().blobs), tmp_path / "r")
    with pytest.raises(ModelError):
        Inspector.open(release, "cpu")


def test_scores_within_the_tolerance_are_accepted(tmp_path: Path) -> None:
    release = _resealed("method", _scale("bank", 1 + 1e-5), folder=tmp_path / "r")
    Inspector.open(release, "cpu")


def test_a_score_that_is_no_number_is_no_verdict(
    inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    eye = inspector._eye
    scores = eye.score(np.zeros((64, 64, 3), np.uint8))
    broken = dataclasses.replace(scores, image=np.array([np.nan], np.float32))
    monkeypatch.setattr(type(eye), "score", lambda *_: broken)
    with pytest.raises(ValueError, match="cannot be judged"):
        inspector.inspect(frame_of(good_image(100)))


def test_a_picture_the_roi_does_not_fit_is_an_error(tmp_path: Path) -> None:
    recipe = small_recipe(roi=Roi(x=40, y=20, width=50, height=50))
    release = write_release(fitted(recipe), tmp_path / "r")
    inspector = Inspector.open(release, "cpu")
    with pytest.raises(RecipeError, match="reaches beyond the picture of 60 × 60"):
        inspector.inspect(frame_of(good_image(1)[:60, :60]))
    inspector.inspect(frame_of(good_image(1)))


def test_moved_limits_judge_at_once_and_share_the_bank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path / "releases")
    inspector = Inspector.open(library.add(the_release()), "cpu")
    frame = frame_of(spotted(good_image(100)))
    score = inspector.inspect(frame).score
    limits = inspector.release.manifest.limits.moved_to(2 * score)
    release = library.with_limits(inspector.release, limits, reason="trial", person="local")
    for blob in (library.folder / BLOBS).iterdir():
        blob.unlink()  # nothing is read again
    moved = inspector.judging_by(release).inspect(frame)
    assert (moved.score, moved.limits, moved.release_id) == (score, limits, release.id)
    assert moved.verdict is Verdict.OK
    assert inspector.inspect(frame).verdict is Verdict.NG, "the old one judges as before"


@pytest.mark.parametrize("field", ["seed", "deadline_ms", "part", "blobs"])
def test_more_than_moved_limits_is_refused(
    inspector: Inspector, tmp_path: Path, field: str
) -> None:
    values = {"seed": 9, "deadline_ms": 50.0, "part": "nut", "blobs": {}}
    manifest = inspector.release.manifest.model_copy(update={field: values[field]}).sealed()
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    with pytest.raises(ModelError, match="more than its limits"):
        inspector.judging_by(Release(folder, manifest))
