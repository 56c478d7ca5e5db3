"""What stands on the large picture of a release that cannot say where an anomaly is."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage

from engine.types import Verdict
from tests.fakes import an_inspection
from tests.workstation.inspection import screens
from tests.workstation.inspection.conftest import FACTS, Line
from tests.workstation.inspection.stage import Stage
from workstation.inspection.large_picture import NO_MAP_WORDS
from workstation.inspection.page import InspectPage


def grey_share(page: InspectPage) -> float:
    """How much of the painted view has no colour."""
    image = page.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = rows[:, : 3 * image.width()].reshape(-1, 3).astype(int)
    return float((np.ptp(pixels, axis=1) <= 8).mean())


@pytest.fixture
def without_a_map(line: Line, page: InspectPage) -> InspectPage:
    line.run()
    line.worker.release_changed.emit(replace(FACTS, has_map=False))
    inspection = replace(an_inspection(Verdict.NG), shown_map=None)
    line.record.took(1, inspection)
    line.worker.inspected.emit(1, inspection)
    page.refresh()
    return page


def test_it_says_so(without_a_map: InspectPage) -> None:
    assert without_a_map.view.bands == (NO_MAP_WORDS,)


def test_the_picture_stands_there_without_a_heatmap(line: Line, without_a_map: InspectPage) -> None:
    part = without_a_map.view.part
    assert part is not None and part.shown_map is None
    plain = grey_share(without_a_map)
    line.worker.release_changed.emit(FACTS)
    line.part(Verdict.NG, 2)
    without_a_map.refresh()
    assert grey_share(without_a_map) < plain - 0.02


def test_a_release_with_a_map_says_nothing_of_it(line: Line, without_a_map: InspectPage) -> None:
    line.worker.release_changed.emit(FACTS)
    without_a_map.refresh()
    assert without_a_map.view.bands == ()


def test_it_stands_above_what_names_the_demo(line: Line, without_a_map: InspectPage) -> None:
    line.part(Verdict.OK, 2, simulated=True)
    without_a_map.refresh()
    assert without_a_map.view.bands[-1] == NO_MAP_WORDS and len(without_a_map.view.bands) == 2


def test_the_screen_that_is_drawn_of_it(qapp: object) -> None:
    stage = Stage()
    screens.no_map(stage)
    stage.page.refresh()
    assert NO_MAP_WORDS in stage.page.view.bands
    stage.window.close_now()
