"""A test borrows the source and always gives it back; what is chosen is the station's."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.releases.folder import Release, write_release
from engine.sources.base import (
    CameraConfig,
    FolderConfig,
    ReplayConfig,
    SimulatorConfig,
    SourceConfig,
    SourceStatus,
)
from engine.types import EngineState, Verdict
from tests.fakes import a_fault, an_inspection
from tests.small_parts import SIZE, fitted, small_recipe, the_release
from workstation.demo import demo_recipe
from workstation.system.controller import STOP_FIRST, SourceController

FOLDER = FolderConfig(path=Path("/data/line1"))
CAMERA = CameraConfig()


@dataclass
class Desk:
    """A controller, the station it asks, and what it has asked for."""

    source: SourceConfig = FOLDER
    wanted: bool = False
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controller = controller = SourceController(
            station_source=lambda: self.source, line_wanted=lambda: self.wanted
        )
        controller.test_requested.connect(lambda config: self.asked.append(("test", config)))
        controller.test_ended.connect(lambda: self.asked.append(("put back",)))
        controller.chosen.connect(self._chosen)
        controller.adjustment_requested.connect(lambda c: self.asked.append(("adjust", c)))
        controller.adjusted.connect(self._adjusted)
        controller.stop_requested.connect(lambda: self.asked.append(("stop",)))
        controller.state_changed(EngineState.READY, "")

    def _chosen(self, config: SourceConfig) -> None:
        self.source = config
        self.asked.append(("use", config))

    def _adjusted(self, config: SourceConfig) -> None:
        self.source = config
        self.asked.append(("remember", config))


@pytest.fixture
def desk(qapp: object) -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Release]:
    folder = tmp_path_factory.mktemp("releases")
    demo = fitted(small_recipe(part=demo_recipe().part))
    return {
        "demo": write_release(demo, folder / "demo"),
        "plate": write_release(the_release(), folder / "plate"),
    }


def test_a_test_opens_a_source_and_ends_with_the_stations_own(desk: Desk) -> None:
    desk.controller.test(CAMERA)
    assert desk.controller.testing == CAMERA
    desk.controller.end_test()
    desk.controller.end_test()
    assert desk.asked == [("test", CAMERA), ("put back",)]
    assert desk.source == FOLDER


@pytest.mark.parametrize("why", ["runs", "would run"])
def test_a_running_line_is_stopped_first(
    desk: Desk, why: str, releases: dict[str, Release]
) -> None:
    controller = desk.controller
    controller.release_changed(releases["plate"])
    desk.wanted = True
    # A line that lost its source, or whose release is still fitted, goes on by itself.
    state = EngineState.CONTINUOUS_EXECUTION if why == "runs" else EngineState.ERROR
    controller.state_changed(state, "")
    for command in (controller.test, controller.use):
        command(CAMERA)
        assert controller.blocked
        assert controller.notice == STOP_FIRST
    controller.stop_line()
    assert desk.asked == [("stop",)]
    desk.wanted = False
    controller.state_changed(EngineState.READY, "")
    assert not controller.blocked
    controller.test(CAMERA)
    assert desk.asked[-1] == ("test", CAMERA)


def test_a_line_that_starts_gets_its_source_back(desk: Desk) -> None:
    desk.controller.test(CAMERA)
    desk.controller.state_changed(EngineState.SINGLE_EXECUTION, "")
    assert desk.asked[-1] == ("put back",)


def test_a_fit_that_ends_gets_the_source_back(desk: Desk) -> None:
    desk.controller.fit_ended(None, "")
    assert desk.asked == []
    desk.controller.test(CAMERA)
    desk.controller.fit_ended(None, "The fit was cancelled.")
    assert desk.asked[-1] == ("put back",)


def test_why_a_source_cannot_be_opened_is_said_during_a_test_only(desk: Desk) -> None:
    desk.controller.refused("Another command was refused.")
    assert desk.controller.sentence == ""
    desk.controller.test(ReplayConfig(path=Path("/none")))
    desk.controller.refused("There is no folder /none.")
    assert desk.controller.sentence == "There is no folder /none."
    desk.controller.end_test()
    assert desk.controller.sentence == ""


def test_the_last_word_of_the_former_source_is_not_taken_for_the_tested_ones(desk: Desk) -> None:
    desk.controller.test(CAMERA)
    desk.controller.source_changed(SourceStatus("folder", "Watching.", healthy=True))
    assert desk.controller.status is None
    desk.controller.source_changed(SourceStatus("camera", "A camera.", healthy=True))
    assert desk.controller.sentence == "A camera."


def test_what_is_used_becomes_the_stations(desk: Desk, releases: dict[str, Release]) -> None:
    desk.controller.release_changed(releases["plate"])
    desk.controller.test(CAMERA)
    desk.controller.use(CAMERA)
    assert desk.asked == [("test", CAMERA), ("use", CAMERA)]
    assert desk.controller.testing is None
    desk.controller.end_test()  # nothing is to be put back any more
    desk.controller.use(CAMERA)
    assert desk.asked[-1] == ("use", CAMERA)
    assert len(desk.asked) == 2


@pytest.mark.parametrize("release", ["demo", None])
def test_the_demo_never_judges_real_pictures(
    desk: Desk, releases: dict[str, Release], release: str | None
) -> None:
    if release is not None:
        desk.controller.release_changed(releases[release])
    desk.controller.use(CAMERA)
    assert desk.asked == []
    assert "no release for these pictures" in desk.controller.notice
    desk.controller.test(CAMERA)  # may be looked at all the same
    assert desk.asked == [("test", CAMERA)]


def test_the_simulator_is_adjusted_while_it_runs(desk: Desk) -> None:
    desk.source, desk.wanted = SimulatorConfig(), True
    desk.controller.state_changed(EngineState.CONTINUOUS_EXECUTION, "")
    dimmer = SimulatorConfig(light_loss=0.1)
    desk.controller.adjust(dimmer)
    desk.controller.adjust(dimmer)
    assert desk.asked == [("adjust", dimmer), ("remember", dimmer)]
    board = SimulatorConfig(light_loss=0.1, part="board")
    desk.controller.adjust(board)
    assert desk.asked[-1] == ("use", board)


def test_a_simulator_that_is_only_tested_is_not_remembered(desk: Desk) -> None:
    desk.controller.adjust(SimulatorConfig(light_loss=0.5))
    assert desk.asked == []
    desk.controller.test(SimulatorConfig())
    desk.controller.adjust(SimulatorConfig(light_loss=0.5))
    assert [asked[0] for asked in desk.asked] == ["test", "adjust"]
    assert desk.source == FOLDER


def test_the_demos_release_and_another_part(desk: Desk, releases: dict[str, Release]) -> None:
    desk.source = SimulatorConfig()
    desk.controller.release_changed(releases["demo"])
    desk.controller.adjust(SimulatorConfig(part="textile"))
    assert "knows rings only" in desk.controller.notice


def test_latencies_are_of_one_release(desk: Desk, releases: dict[str, Release]) -> None:
    desk.controller.inspected(1, an_inspection(Verdict.OK))
    desk.controller.faulted(2, a_fault())
    assert (len(desk.controller.latencies), desk.controller.faults) == (1, 1)
    desk.controller.release_changed(releases["plate"])
    assert len(desk.controller.latencies) == 0


def test_outline_and_baseline_are_the_active_releases(
    desk: Desk, releases: dict[str, Release]
) -> None:
    assert desk.controller.outline is None
    desk.controller.release_changed(releases["plate"])
    outline = desk.controller.outline
    assert outline is not None
    assert len(outline) % SIZE == 0
    assert desk.controller.outline is outline  # made once
    desk.controller.release_changed(releases["demo"])
    assert desk.controller.outline is not outline
