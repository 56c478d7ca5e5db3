from __future__ import annotations

import numpy as np
import pytest

from engine.errors import SourceError
from engine.pictures import image_sha256
from engine.sources.base import SimulatorConfig
from engine.sources.simulator import SimulatorSource, simulated_part
from engine.synthetic.pictures import good_ring_pictures
from engine.types import Frame, Origin
from tests.engine.sources.conftest import Clock

pytestmark = pytest.mark.slow


def parts(config: SimulatorConfig, count: int) -> list[Frame]:
    clock = Clock()
    source = SimulatorSource(config, clock=clock)
    frames = []
    for _ in range(count):
        frame = source.grab()
        assert frame is not None
        frames.append(frame)
        clock.go_on(config.interval_s)
    return frames


def test_parts_say_that_they_are_simulated() -> None:
    first, second = parts(SimulatorConfig(), 2)
    assert [first.origin.part_id, second.origin.part_id] == ["DEMO-000001", "DEMO-000002"]
    assert first.origin.simulated and first.origin.source == "simulator"
    assert first.origin.file is None and first.original is None
    assert first.origin.sha256 == image_sha256(first.image)
    with pytest.raises(ValueError, match="read-only"):
        first.image[0, 0] = 0


def test_part_n_is_the_same_for_the_same_seed() -> None:
    once, again = parts(SimulatorConfig(seed=4), 3), parts(SimulatorConfig(seed=4), 3)
    other = parts(SimulatorConfig(seed=5), 3)
    assert [f.origin.sha256 for f in once] == [f.origin.sha256 for f in again]
    assert not {f.origin.sha256 for f in once} & {f.origin.sha256 for f in other}


def test_it_waits_without_blocking() -> None:
    clock = Clock()
    source = SimulatorSource(SimulatorConfig(interval_s=1), clock=clock)
    assert source.grab() is not None
    assert source.grab() is None
    clock.go_on(1)
    assert source.grab() is not None
    assert source.status().healthy and not source.status().exhausted


def test_the_defect_rate_decides_how_many_are_bad() -> None:
    for rate, count, low, high in ((0.0, 4, 0, 0), (0.4, 15, 2, 11), (1.0, 4, 4, 4)):
        config = SimulatorConfig(defect_rate=rate)
        bad = [simulated_part(config, number).kind is not None for number in range(count)]
        assert low <= sum(bad) <= high


def test_rate_and_strength_change_no_ring() -> None:
    good = simulated_part(SimulatorConfig(defect_rate=0), 7)
    weak = simulated_part(SimulatorConfig(defect_rate=1, strength=0.5), 7)
    strong = simulated_part(SimulatorConfig(defect_rate=1, strength=2), 7)
    assert weak.kind is strong.kind is not None
    assert np.array_equal(good.part_mask, weak.part_mask)
    assert np.count_nonzero(weak.mask) < np.count_nonzero(strong.mask)


def test_the_line_never_shows_a_part_the_demo_was_fitted_to() -> None:
    fitted = {picture.load()[1] for picture in good_ring_pictures(5, seed=0)}
    line = {f.origin.sha256 for f in parts(SimulatorConfig(defect_rate=0), 5)}
    assert not fitted & line


@pytest.mark.parametrize("part", ["ring", "board", "textile"])
def test_every_part_runs_on_the_line(part: str) -> None:
    frames = parts(SimulatorConfig(part=part, defect_rate=0.5), 2)
    assert [frame.origin.part_id for frame in frames] == ["DEMO-000001", "DEMO-000002"]


class TestAdjusted:
    def test_the_parts_are_numbered_on(self) -> None:
        source = SimulatorSource(SimulatorConfig(first=40, interval_s=0))
        grabbed(source)
        source.adjust(SimulatorConfig(first=1, interval_s=0, light_loss=0.5))
        frame = grabbed(source)
        assert (frame.origin.part_id, frame.origin.number) == ("DEMO-000041", 2)
        assert "50% of the light" in source.status().sentence

    def test_what_is_asked_for_holds_from_the_next_part_on(self) -> None:
        source = SimulatorSource(SimulatorConfig(interval_s=0, defect_rate=0))
        as_set_up = grabbed(source).image.mean()
        source.adjust(SimulatorConfig(interval_s=0, defect_rate=0, light_loss=0.3))
        assert grabbed(source).image.mean() == pytest.approx(0.7 * as_set_up, rel=0.1)
        source.adjust(SimulatorConfig(interval_s=0, defect_rate=0, light_loss=1))
        assert grabbed(source).image.mean() < 2

    def test_another_speed_begins_now(self) -> None:
        clock = Clock()
        source = SimulatorSource(SimulatorConfig(interval_s=100), clock=clock)
        grabbed(source)
        source.adjust(SimulatorConfig(interval_s=100, strength=1))
        assert source.grab() is None, "the speed was not changed"
        source.adjust(SimulatorConfig(interval_s=2, strength=1))
        grabbed(source)
        clock.go_on(2)
        grabbed(source)


class TestAgain:
    def test_the_same_part_comes_as_the_next_attempt(self) -> None:
        clock = Clock()
        source = SimulatorSource(SimulatorConfig(), clock=clock)
        first = grabbed(source)
        source.take_again(first.origin, 2)
        assert source.status().waiting == 1
        again = grabbed(source)  # at once, whatever the speed
        assert (again.origin.part_id, again.origin.attempt) == ("DEMO-000001", 2)
        assert again.origin.sha256 == first.origin.sha256
        assert again.origin.number == 2
        for _ in range(2):
            source.take_again(first.origin, 3)
        assert [grabbed(source).origin.attempt for _ in range(2)] == [3, 4]
        clock.go_on(1)
        assert grabbed(source).origin.part_id == "DEMO-000002"

    @pytest.mark.parametrize("part_id", ["plate 7.png", "DEMO-", "DEMO-x", "000001"])
    def test_a_part_of_another_source_cannot_come(self, part_id: str) -> None:
        source = SimulatorSource(SimulatorConfig())
        foreign = grabbed(source).origin
        origin = Origin("folder", part_id, foreign.taken_at, 1, False, None)
        with pytest.raises(SourceError, match="not one of the simulator"):
            source.take_again(origin, 2)


def test_a_preview_takes_nothing() -> None:
    source = SimulatorSource(SimulatorConfig(light_loss=1))
    assert source.preview().mean() < 2
    source.adjust(SimulatorConfig())
    assert source.preview().mean() > 20
    assert np.array_equal(source.preview(), source.preview())
    assert grabbed(source).origin.part_id == "DEMO-000001"


def grabbed(source: SimulatorSource) -> Frame:
    frame = source.grab()
    assert frame is not None
    return frame
