"""When nothing is inspected: which spans are written down, and what the banner says meanwhile."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.sources.base import SourceStatus
from engine.types import EngineState, FitStep, Verdict
from tests.fakes import NOON, FakeClock, FakeRecord, FakeWorker, a_fault
from tests.workstation.inspection.conftest import FACTS, Line
from workstation.inspection.banner import NOT_INSPECTING, banner_of
from workstation.inspection.standstill import SHORTEST_S, Standstill
from workstation.records.schema import open_record
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.records.words import NotInspectingReason as Reason
from workstation.widgets.marks import Sign

RUNNING = EngineState.CONTINUOUS_EXECUTION
LOST = "The camera does not answer; Loupe tries again in 2 s."


class Station:
    """A standstill on a clock, a record and a worker."""

    def __init__(self, *, last_sign_of_life: datetime | None = None) -> None:
        self.clock = FakeClock()
        self.record = FakeRecord(self.clock.now)
        self.worker = FakeWorker()
        self.standstill = Standstill(
            self.record.add_not_inspecting, clock=self.clock, now=self.clock.now
        )
        self.standstill.follow(self.worker)  # type: ignore[arg-type]
        self.standstill.begin(last_sign_of_life)

    def run(self) -> None:
        self.worker.state_changed.emit(EngineState.PREOPERATIONAL, "No release is active.")
        self.worker.state_changed.emit(EngineState.INITIALIZED, "No release is active.")
        self.worker.release_changed.emit(FACTS)
        self.worker.state_changed.emit(EngineState.READY, "Stopped.")
        self.worker.state_changed.emit(RUNNING, "")

    def says(self, state: EngineState, sentence: str = "", *, after_s: float = 0.0) -> None:
        self.clock.go_on(after_s)
        self.worker.state_changed.emit(state, sentence)

    @property
    def spans(self) -> list[tuple[float, float, Reason]]:
        """From and to in seconds since the start, and why."""
        return [
            ((began - NOON).total_seconds(), (ended - NOON).total_seconds(), reason)
            for began, ended, reason, _ in self.record.spans
        ]


@pytest.fixture
def station(qapp: object) -> Station:
    return Station()


def test_a_stop_becomes_a_row_when_it_ends(station: Station) -> None:
    station.run()
    station.says(EngineState.READY, after_s=10)
    assert station.standstill.since == NOON + timedelta(seconds=10)
    assert station.spans == []
    station.says(RUNNING, after_s=600)
    assert station.spans == [(10, 610, Reason.STOPPED)]
    assert station.standstill.since is None


def test_a_source_lost_for_a_moment_is_no_row(station: Station) -> None:
    station.run()
    station.says(EngineState.ERROR, LOST, after_s=10)
    assert station.standstill.since is not None
    station.says(RUNNING, after_s=SHORTEST_S - 0.1)
    assert station.spans == []
    station.says(EngineState.ERROR, LOST, after_s=10)
    station.says(EngineState.ERROR, LOST.replace("2 s", "5 s"), after_s=2)
    station.says(RUNNING, after_s=5)
    began, ended, reason, detail = station.record.spans[0]
    assert ((ended - began).total_seconds(), reason, detail) == (7, Reason.NO_SOURCE, LOST)
    assert len(station.record.spans) == 1


def test_each_reason_that_held_is_a_row_and_no_gap_is_left(station: Station) -> None:
    station.run()
    station.says(EngineState.READY, after_s=10)
    station.says(EngineState.PREOPERATIONAL, after_s=60)
    station.says(EngineState.INITIALIZED, after_s=1)  # too short: joins what follows
    station.says(EngineState.READY, after_s=0.5)
    station.says(EngineState.ERROR, LOST, after_s=60)
    station.says(EngineState.READY, after_s=1)  # too short, and the stop goes on
    station.says(RUNNING, after_s=30)
    assert station.spans == [(10, 162.5, Reason.STOPPED)]


def test_a_reason_is_written_as_soon_as_another_has_held(station: Station) -> None:
    station.run()
    station.says(EngineState.ERROR, LOST, after_s=10)
    station.says(EngineState.READY, after_s=60)
    assert station.spans == []
    station.clock.go_on(SHORTEST_S)
    station.worker.beat.emit(0.0)
    assert station.spans == [(10, 70, Reason.NO_SOURCE)]
    station.says(RUNNING, after_s=60)
    assert station.spans[1:] == [(70, 133, Reason.STOPPED)]


@pytest.mark.parametrize(
    ("number", "reason"), [(0, Reason.NO_RECORD), (7, Reason.NO_SOURCE)], ids=["lost", "kept"]
)
def test_a_record_that_cannot_be_written_is_told_from_a_lost_source(
    station: Station, number: int, reason: Reason
) -> None:
    station.run()
    station.worker.faulted.emit(number, a_fault())
    station.says(EngineState.ERROR, "It cannot go on.")
    station.says(RUNNING, after_s=9)
    assert station.spans == [(0, 9, reason)]


def test_a_source_lost_after_the_record_is_written_again_has_its_own_reason(
    station: Station,
) -> None:
    station.run()
    station.worker.faulted.emit(0, a_fault())
    station.says(EngineState.ERROR, "It cannot be written.")
    station.says(RUNNING, after_s=9)
    station.says(EngineState.ERROR, LOST, after_s=60)
    station.says(RUNNING, after_s=9)
    assert [reason for *_, reason in station.spans] == [Reason.NO_RECORD, Reason.NO_SOURCE]


def test_a_hang_and_a_lock_have_their_own_reasons(station: Station) -> None:
    station.run()
    station.standstill.engine_hung("The engine has not answered for 5 s.")
    station.clock.go_on(20)
    station.standstill.engine_answered("It answers.")
    station.clock.go_on(20)
    station.standstill.lock(True)
    station.clock.go_on(20)
    station.standstill.lock(False)
    assert station.spans == [(0, 20, Reason.ENGINE_FAULT), (40, 60, Reason.LOCKED)]


def test_the_time_without_the_program_is_a_row(qapp: object) -> None:
    station = Station(last_sign_of_life=NOON - timedelta(hours=8))
    written_at_once = [(-8 * 3600, 0, Reason.NOT_RUNNING)]
    assert station.spans == written_at_once  # this start may be cut off, too
    station.clock.go_on(2)
    station.run()
    assert station.spans == written_at_once


def test_a_fit_at_the_start_is_a_time_without_a_release(station: Station) -> None:
    station.worker.state_changed.emit(EngineState.PREOPERATIONAL, "A recipe is being fitted.")
    for _ in range(3):
        station.worker.fit_progressed.emit(FitStep("Reading", 1, 10, None))
        station.clock.go_on(5)
    station.worker.fit_ended.emit(FACTS, "")
    station.says(RUNNING)
    assert station.spans == [(0, 15, Reason.NO_RELEASE)]


def test_an_orderly_end_writes_what_is_open(station: Station) -> None:
    station.run()
    station.says(EngineState.READY, after_s=10)
    station.says(EngineState.HALTED, after_s=20)
    station.standstill.end()
    station.standstill.state_changed(EngineState.READY, "")
    assert station.spans == [(10, 30, Reason.STOPPED)]


def test_an_end_in_the_middle_of_work_is_marked(station: Station) -> None:
    station.run()
    station.clock.go_on(100)
    station.standstill.end()
    assert station.spans == [(100, 100, Reason.NOT_RUNNING)]


def test_what_cannot_be_written_is_written_later(station: Station) -> None:
    station.run()
    station.says(EngineState.READY)
    station.record.failing = True
    station.says(RUNNING, after_s=60)
    station.record.failing = False
    station.worker.beat.emit(0.0)
    station.worker.beat.emit(0.0)
    assert station.spans == [(0, 60, Reason.STOPPED)]


def test_two_runs_leave_no_gap_in_the_record(qapp: object, tmp_path: Path) -> None:
    clock = FakeClock()
    for _ in range(2):
        database = open_record(f"sqlite:///{tmp_path / 'loupe.db'}", station="line-1")
        store = Store(database, "line-1")
        statistics = Statistics(database, "line-1", pictures=tmp_path)
        standstill = Standstill(store.add_not_inspecting, clock=clock, now=clock.now)
        standstill.begin(statistics.last_sign_of_life())
        clock.go_on(5)
        standstill.settled()
        standstill.state_changed(RUNNING, "")
        clock.go_on(50)
        standstill.state_changed(EngineState.READY, "")
        clock.go_on(30)
        standstill.end()
        clock.go_on(3600)
    spans = statistics.not_inspecting(NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert [(span.reason, span.seconds) for span in spans] == [
        (Reason.NOT_RUNNING, 5),
        (Reason.STOPPED, 30),
        (Reason.NOT_RUNNING, 3600),
        (Reason.NOT_RUNNING, 5),
        (Reason.STOPPED, 30),
    ]
    assert {span.person for span in spans} == {"local"}


def test_the_banner_says_since_when_and_why(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.look()
    line.worker.state_changed.emit(EngineState.READY, "Stopped.")
    stopped = banner_of(line.shown)
    assert (stopped.word, stopped.sign) == (NOT_INSPECTING, Sign.STANDING)
    local = (NOON + timedelta(seconds=1)).astimezone()
    assert stopped.since == f"since {local:%H:%M}"
    line.clock.go_on(2 * 86_400)
    assert banner_of(line.shown).since == f"since {local:%Y-%m-%d %H:%M}"
    line.worker.source_changed.emit(SourceStatus("camera", LOST, healthy=False))
    line.worker.state_changed.emit(EngineState.ERROR, LOST)
    lost = banner_of(line.shown)
    assert (lost.word, lost.sign, lost.detail) == (NOT_INSPECTING, Sign.FAULT, "the camera is lost")


def test_each_try_to_reach_a_source_is_not_a_message_of_its_own(line: Line) -> None:
    line.run()
    for seconds in (1, 2, 5, 10):
        words = f"The camera is lost; Loupe tries again in {seconds} s."
        line.worker.source_changed.emit(SourceStatus("camera", words, healthy=False))
        line.worker.state_changed.emit(EngineState.ERROR, words)
    assert len(line.shown.messages) == 1
