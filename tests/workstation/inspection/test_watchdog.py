"""The watchdog barks once per silence and lets the program end."""

import pytest

from engine.types import Origin
from tests.fakes import FakeClock, an_inspection, an_origin
from workstation.inspection.watchdog import LOOK_MS, SILENT_S, START_S, Watchdog
from workstation.records.database import BUSY_TIMEOUT_S

Recorded = list[tuple[str, Origin | None]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def recorded() -> Recorded:
    return []


@pytest.fixture
def dog(qapp: object, clock: FakeClock, recorded: Recorded) -> Watchdog:
    dog = Watchdog(record_fault=lambda words, part: recorded.append((words, part)), clock=clock)
    dog.watch()
    dog.rest()  # the tests look by themselves
    dog.beat(0.0)
    return dog


def test_a_beating_engine_is_left_alone(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    for _ in range(60):
        clock.go_on(1.0)
        dog.beat(0.0)
        dog.look()
    assert recorded == []
    assert not dog.silent


def test_a_silence_is_a_fault_reported_once_and_within_five_seconds(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    clock.go_on(SILENT_S - 0.1)
    dog.look()
    assert not dog.silent
    clock.go_on(0.1 + LOOK_MS / 1000)
    assert clock() - 1000.0 < 5.0
    for _ in range(3):
        dog.look()
    assert dog.silent
    assert len(recorded) == 1
    assert recorded[0][1] is None


def test_an_inspection_that_does_not_end_is_a_fault_of_its_part(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    origin = an_origin(12)
    dog.began(origin)
    for _ in range(5):
        clock.go_on(1.0)
        dog.beat(0.0)
        dog.look()
    assert dog.silent
    dog.rest()
    assert recorded[0][1] is origin
    assert "000012" in recorded[0][0]


def test_an_inspection_that_ends_in_time_is_none(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    dog.began(an_origin(1))
    clock.go_on(4.0)
    dog.ended(1, an_inspection())
    clock.go_on(4.0)
    dog.look()
    assert recorded == []


def test_waiting_twice_for_a_busy_database_is_no_hang(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    clock.go_on(0.9)  # since the last beat
    dog.began(an_origin(1))
    clock.go_on(2 * BUSY_TIMEOUT_S + 0.3)
    dog.look()
    assert not dog.silent


@pytest.mark.parametrize("then", ["look", "rest"])
def test_a_hang_is_shown_before_it_is_written_down(
    dog: Watchdog, clock: FakeClock, recorded: Recorded, then: str
) -> None:
    """The database may be what hangs: waiting for it first would hide the hang."""
    written_when_shown: list[int] = []
    dog.hung.connect(lambda _: written_when_shown.append(len(recorded)))
    clock.go_on(6.0)
    dog.look()
    assert written_when_shown == [0]
    assert recorded == []
    getattr(dog, then)()
    assert len(recorded) == 1


def test_a_hang_that_ends_the_program_at_once_is_written_down(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    dog.hung.connect(dog.rest)
    clock.go_on(6.0)
    dog.look()
    assert len(recorded) == 1


def test_an_engine_that_comes_back_is_told(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    answers: list[str] = []
    dog.answered.connect(answers.append)
    clock.go_on(6.0)
    dog.look()
    dog.beat(0.0)
    dog.look()
    assert len(answers) == 1
    assert not dog.silent
    clock.go_on(6.0)
    dog.look()
    dog.look()
    assert len(recorded) == 2


def test_the_first_beat_may_take_its_time(qapp: object, clock: FakeClock) -> None:
    dog = Watchdog(record_fault=lambda words, part: None, clock=clock)
    dog.look()
    dog.watch()
    clock.go_on(59.0)
    dog.look()
    assert not dog.silent
    clock.go_on(2.0)
    dog.look()
    assert dog.silent
    dog.rest()


def test_opening_a_large_release_is_no_hang(
    dog: Watchdog, clock: FakeClock, recorded: Recorded
) -> None:
    dog.opening(True)
    clock.go_on(START_S - 1)
    dog.look()
    assert not dog.silent
    dog.opening(False)
    clock.go_on(SILENT_S)
    dog.look()
    assert dog.silent and recorded == []
