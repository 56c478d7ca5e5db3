from __future__ import annotations

import numpy as np
import pytest

from engine.pictures import image_sha256
from engine.sources.base import SimulatorConfig
from engine.sources.simulator import SimulatorSource, simulated_part
from engine.synthetic.pictures import good_ring_pictures
from engine.types import Frame
from tests.engine.sources.conftest import Clock


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
    for rate, low, high in ((0.0, 0, 0), (0.4, 4, 16), (1.0, 25, 25)):
        config = SimulatorConfig(defect_rate=rate)
        bad = [simulated_part(config, number).kind is not None for number in range(25)]
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
