"""The window is told what computes the release that judges."""

from __future__ import annotations

import sys

import pytest

from engine.releases.folder import FittedRelease
from engine.types import BackendName, ComputedBy
from tests.running_line import RunningLine
from tests.small_parts import the_release


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
