"""The window is told what computes the release that judges."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest

from engine.releases.folder import FittedRelease
from engine.types import BackendName, ComputedBy
from tests.running_line import RunningLine, frames
from tests.small_parts import good_pictures, small_recipe, the_release


def test_with_every_release(line: RunningLine, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[ComputedBy] = []
    line.engine.worker.computed_by.connect(told.append)
    monkeypatch.setitem(sys.modules, "openvino", None)
    manifest = the_release().manifest
    record = manifest.backend.model_copy(update={"name": BackendName.OPENVINO})
    changed = manifest.model_copy(update={"backend": record}).sealed()
    for fitted in (the_release(), FittedRelease(changed, the_release().blobs)):
        line.engine.release_requested.emit(str(line.library.add(fitted).folder))
    line.until(lambda: len(told) == 2)
    own, other = told
    assert own == ComputedBy("torch in float32 on cpu", "torch in float32", "")
    assert (other.place, other.fitted_with) == ("torch in float32 on cpu", "openvino in float32")
    assert "openvino is not installed" in other.note


@pytest.mark.slow
@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")
def test_a_line_fits_and_judges_by_openvino_in_its_own_thread(line: RunningLine) -> None:
    told: list[ComputedBy] = []
    line.engine.worker.computed_by.connect(told.append)
    recipe = small_recipe(backend=BackendName.OPENVINO)
    line.engine.fit_requested.emit(recipe, good_pictures())
    line.until(lambda: told)
    assert told == [ComputedBy("openvino in float32 on cpu", "openvino in float32", "")]
    line.take(*frames(3))
    line.engine.start_requested.emit()
    line.until(lambda: len(line.heard.inspected) == 3)
