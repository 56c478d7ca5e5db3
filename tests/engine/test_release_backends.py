"""A release judges by what computed its fit, by another that gives its scores, or not at all."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from engine.device import has_bfloat16
from engine.errors import ModelError
from engine.inspector import Inspector
from engine.parameters import PARAMETERS
from engine.releases.folder import FittedRelease, Release, write_release
from engine.releases.library import Library
from engine.types import BackendName, MethodName, Precision, Verdict
from tests.small_parts import fitted, frame_of, good_image, small_recipe, spotted, the_release

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")

BFLOAT16 = pytest.param(
    Precision.BFLOAT16,
    marks=pytest.mark.skipif(
        not has_bfloat16(torch.device("cpu")), reason="this processor has no bfloat16"
    ),
)


@cache
def by_openvino(precision: Precision = Precision.FLOAT32) -> FittedRelease:
    return fitted(small_recipe(backend=BackendName.OPENVINO, precision=precision))


def tensors(release: FittedRelease, name: str) -> dict[str, Tensor]:
    return safetensors.torch.load(release.blobs[release.manifest.blobs[name]])


def sealed_anew(
    release: FittedRelease,
    folder: Path,
    *,
    blobs: Mapping[str, dict[str, Tensor]],
    **changes: Any,
) -> Release:
    """Change a manifest and blobs, and make all hashes agree again."""
    contents = {name: safetensors.torch.save(state) for name, state in blobs.items()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    cited = release.manifest.blobs | hashes
    manifest = release.manifest.model_copy(update={"blobs": cited, **changes}).sealed()
    kept = release.blobs | {hashes[name]: data for name, data in contents.items()}
    return write_release(
        FittedRelease(manifest, {sha256: kept[sha256] for sha256 in cited.values()}), folder
    )


@pytest.mark.parametrize("precision", [Precision.FLOAT32, BFLOAT16])
def test_a_release_of_openvino_judges_by_openvino(precision: Precision, tmp_path: Path) -> None:
    manifest = by_openvino(precision).manifest
    assert (manifest.backend.name, manifest.precision) == (BackendName.OPENVINO, precision)
    assert manifest.reference.tolerance == (2e-3 if precision is Precision.FLOAT32 else 2e-2)
    assert "openvino" in manifest.versions
    inspector = Inspector.open(write_release(by_openvino(precision), tmp_path / "r"), "cpu")
    assert inspector.computed_by.place == f"openvino in {precision} on cpu"
    assert inspector.computed_by.note == ""
    assert inspector.inspect(frame_of(good_image(100))).verdict is Verdict.OK
    assert inspector.inspect(frame_of(spotted(good_image(100)))).verdict is Verdict.NG


def test_bank_and_query_come_from_one_source(tmp_path: Path) -> None:
    """A picture of the bank itself scores 0 to rounding, which it would not across back ends."""
    recipe = small_recipe(backend=BackendName.OPENVINO).model_copy(
        update={"parameters": small_recipe().parameters.model_copy(update={"coreset": 1.0})}
    )
    inspector = Inspector.open(write_release(fitted(recipe), tmp_path / "r"), "cpu")
    remembered = {picture.name for picture in inspector.release.manifest.pictures}
    number = next(n for n in range(12) if f"part{n:03}.png" in remembered)
    limit = inspector.release.manifest.limits.t2
    assert inspector.inspect(frame_of(good_image(number))).score < 1e-2 * limit


@pytest.mark.slow
@pytest.mark.parametrize("precision", [Precision.FLOAT32, BFLOAT16])
def test_the_limits_hardly_depend_on_the_back_end(precision: Precision) -> None:
    ours, torchs = by_openvino(precision).manifest, the_release().manifest
    assert ours.limits.t2 == pytest.approx(torchs.limits.t2, rel=ours.reference.tolerance)


def test_where_its_own_does_not_reproduce_another_one_judges_and_says_so(tmp_path: Path) -> None:
    """No tolerance at all: torch gives its own scores to the bit, OpenVINO cannot."""
    exact = the_release().manifest.reference.model_copy(update={"tolerance": 0.0})
    release = sealed_anew(
        the_release(),
        tmp_path / "r",
        blobs={},
        reference=exact,
        backend=by_openvino().manifest.backend,
    )
    inspector = Inspector.open(release, "cpu")
    computed = inspector.computed_by
    assert (computed.place, computed.fitted_with) == (
        "torch in float32 on cpu",
        "openvino in float32",
    )
    assert "which does not do here (openvino in float32 on cpu: reference picture 1" in (
        computed.note
    )
    assert "It is computed by torch in float32 on cpu" in computed.note
    kept = Inspector.open(write_release(the_release(), tmp_path / "t"), "cpu")
    frame = frame_of(spotted(good_image(100)))
    assert inspector.inspect(frame).score == kept.inspect(frame).score


@pytest.mark.parametrize("precision", [BFLOAT16])
def test_all_its_back_ends_are_tried_before_the_last(precision: Precision, tmp_path: Path) -> None:
    """A release of OpenVINO in bfloat16 whose reference is what torch gives in float32."""
    torchs = the_release()
    release = sealed_anew(
        by_openvino(precision),
        tmp_path / "r",
        blobs={"method": tensors(torchs, "method"), "references": tensors(torchs, "references")},
        reference=torchs.manifest.reference.model_copy(update={"tolerance": 1e-5}),
    )
    computed = Inspector.open(release, "cpu").computed_by
    assert computed.place == "torch in float32 on cpu"
    tried = ["openvino in bfloat16 on cpu: reference", "torch in bfloat16 on cpu: reference"]
    places = [computed.note.index(words) for words in tried]
    assert places == sorted(places)


def test_where_none_reproduces_a_refit_is_offered(tmp_path: Path) -> None:
    method = tensors(by_openvino(), "method")
    method["bank"] = method["bank"] * 1.05
    release = sealed_anew(by_openvino(), tmp_path / "r", blobs={"method": method})
    with pytest.raises(ModelError) as caught:
        Inspector.open(release, "cpu")
    sentence = str(caught.value)
    assert sentence.startswith(f"Release {release.id} does not reproduce on this PC (openvino in")
    assert "; torch in float32 on cpu: reference picture 1 scores" in sentence
    assert "It will not judge. It was fitted on 11 good pictures (part0" in sentence
    assert sentence.endswith("where they are kept, fit it again here.")


def test_without_openvino_its_release_is_judged_by_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = write_release(by_openvino(), tmp_path / "r")
    frame = frame_of(spotted(good_image(100)))
    with_it = Inspector.open(release, "cpu").inspect(frame)
    monkeypatch.setitem(sys.modules, "openvino", None)
    inspector = Inspector.open(release, "cpu")
    assert "openvino is not installed" in inspector.computed_by.note
    found = inspector.inspect(frame)
    assert found.score == pytest.approx(with_it.score, rel=2e-3)
    assert found.map is not None and with_it.map is not None
    np.testing.assert_allclose(found.map, with_it.map, atol=2e-3 * with_it.score)


@pytest.mark.slow
@pytest.mark.parametrize("name", MethodName)
def test_every_methods_release_may_change_from_one_to_the_other(
    name: MethodName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small_recipe(backend=BackendName.OPENVINO, method=name, parameters=PARAMETERS[name]())
    release = write_release(fitted(recipe), tmp_path / "r")
    assert Inspector.open(release, "cpu").computed_by.note == ""
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert Inspector.open(release, "cpu").computed_by.place == "torch in float32 on cpu"


def test_moved_limits_are_computed_as_before(tmp_path: Path) -> None:
    library = Library(tmp_path / "releases")
    inspector = Inspector.open(library.add(by_openvino()), "cpu")
    limits = inspector.release.manifest.limits
    release = library.with_limits(inspector.release, limits, reason="trial", person="local")
    assert release.manifest.backend == inspector.release.manifest.backend
    assert inspector.judging_by(release).computed_by == inspector.computed_by


def test_a_release_from_before_there_was_a_choice_keeps_its_id_and_means_torch() -> None:
    manifest = the_release().manifest
    content = manifest.model_dump(mode="json")
    del content["backend"]
    before = type(manifest).model_validate(content)
    assert before.hash() == manifest.id
    assert (before.backend.name, before.precision) == (BackendName.TORCH, Precision.FLOAT32)
    changed = manifest.model_copy(update={"backend": by_openvino().manifest.backend})
    assert changed.hash() != manifest.id
