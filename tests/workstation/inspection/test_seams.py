"""The fakes have the shape of what they stand for, and the real record answers the page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMetaMethod, QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from engine.types import Verdict
from engine.worker import EngineWorker
from tests.fakes import NOON, FakeClock, FakeRecord, FakeWorker, an_image, an_inspection, an_origin
from tests.workstation.inspection.conftest import Line
from workstation.inspection.controller import InspectController
from workstation.inspection.station_record import StationRecord
from workstation.records.images import PictureWriter
from workstation.records.schema import open_record
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.records.words import EventKind, FeedbackVerdict
from workstation.settings import DEFAULT_SHIFTS


def methods(of: type[QObject]) -> set[tuple[str, QMetaMethod.MethodType]]:
    meta = of.staticMetaObject
    every = (meta.method(i) for i in range(meta.methodOffset(), meta.methodCount()))
    return {
        (bytes(method.methodSignature().data()).decode(), method.methodType())
        for method in every
        if not bytes(method.name().data()).startswith(b"_")
    }


def test_the_fake_worker_has_the_workers_signals_and_slots() -> None:
    assert methods(FakeWorker) <= methods(EngineWorker)


class BusyWorker(FakeWorker):
    """Announces many parts from its own thread."""

    # A name of its own: PySide 6.11 calls an overridden slot in the sender's thread.
    @Slot()
    def announce_many(self) -> None:
        self.asked.append((QThread.currentThread(),))
        for number in range(1, 201):
            self.inspected.emit(number, an_inspection(number=number))


def test_facts_cross_from_the_engines_thread_and_commands_go_there(
    line: Line, qtbot: QtBot
) -> None:
    clock, thread, worker = FakeClock(), QThread(), BusyWorker()
    controller = InspectController(FakeRecord(), line.standstill, clock=clock, now=clock.now)
    worker.moveToThread(thread)
    controller.start_requested.connect(worker.announce_many)
    worker.inspected.connect(controller.inspected)
    thread.start()
    controller.start()
    assert controller.line.counters.counts.parts == 0  # nothing has been called across threads
    qtbot.waitUntil(lambda: controller.line.counters.counts.parts == 200)
    assert worker.asked == [(thread,)]
    thread.quit()
    assert thread.wait(5000)


@pytest.fixture
def new_store(tmp_path: Path) -> Callable[[], tuple[Store, Statistics]]:
    def open_it() -> tuple[Store, Statistics]:
        database = open_record(f"sqlite:///{tmp_path / 'loupe.db'}", station="line-1")
        return Store(database, "line-1"), Statistics(database, "line-1", pictures=tmp_path)

    return open_it


def test_a_restart_keeps_counters_lot_and_waiting_parts(
    line: Line, new_store: Callable[[], tuple[Store, Statistics]]
) -> None:
    store, statistics = new_store()
    record = StationRecord(store, statistics, shifts=DEFAULT_SHIFTS, now=lambda: NOON)
    first = InspectController(record, line.standstill, clock=line.clock, now=line.clock.now)
    first.change_lot("L-9")
    for number, verdict in enumerate([Verdict.OK, Verdict.NG, Verdict.REVIEW, Verdict.OK], 1):
        inspection = an_inspection(verdict, number=number)
        first.inspected(store.record(inspection), inspection)
    line.look()
    first.judgements.judge(FeedbackVerdict.OK)
    before = first.line.counters.counts

    store, statistics = new_store()
    store.lot = "L-9"
    record = StationRecord(store, statistics, shifts=DEFAULT_SHIFTS, now=lambda: NOON)
    again = InspectController(record, line.standstill, clock=line.clock, now=line.clock.now).line
    again.on_line(simulated=False)
    after = again.counters.counts
    assert (after.ok, after.review, after.ng, after.final_ok) == (2, 1, 1, 3)
    assert (before.ok, before.review, before.ng, before.final_ok) == (2, 1, 1, 3)
    assert again.counters.lot_parts == 4
    assert again.unjudged == 1
    assert again.judging.held is not None
    assert again.judging.held.part_id == "000002"
    assert record.add_event(EventKind.LOT_CHANGED, old="a", new="b") > 0


def test_a_part_judged_again_and_again_is_counted_once(
    line: Line, new_store: Callable[[], tuple[Store, Statistics]]
) -> None:
    store, statistics = new_store()
    record = StationRecord(store, statistics, shifts=DEFAULT_SHIFTS, now=lambda: NOON)
    controller = InspectController(record, line.standstill, clock=line.clock, now=line.clock.now)
    page = controller.line
    page.on_line(simulated=False)
    for number, verdict in enumerate([Verdict.OK, Verdict.NG, Verdict.OK], 1):
        inspection = an_inspection(verdict, number=number)
        controller.inspected(store.record(inspection), inspection)
    for verdict in (*[FeedbackVerdict.OK] * 3, FeedbackVerdict.NG, FeedbackVerdict.OK):
        page.look_at(2)
        controller.judgements.choose_shown()
        controller.judgements.judge(verdict)
    assert (page.counters.counts.final_ok, page.counters.counts.judged) == (3, 3)
    controller.judgements.undo()
    # The earlier "really NG" stands again.
    assert (page.counters.counts.final_ok, page.counters.counts.judged) == (2, 3)
    assert page.counters.counts == statistics.shift_counts(record.shift())


def test_a_part_recorded_but_not_yet_announced_is_counted_once(
    line: Line, new_store: Callable[[], tuple[Store, Statistics]]
) -> None:
    store, statistics = new_store()
    record = StationRecord(store, statistics, shifts=DEFAULT_SHIFTS, now=lambda: NOON)
    controller = InspectController(record, line.standstill, clock=line.clock, now=line.clock.now)
    page = controller.line
    first, second = (an_inspection(Verdict.NG, number=number) for number in (1, 2))
    controller.inspected(store.record(first), first)
    on_its_way = store.record(second)
    line.look()
    controller.judgements.judge(FeedbackVerdict.NG)
    controller.inspected(on_its_way, second)
    assert (page.counters.counts.ng, page.counters.lot_parts, page.unjudged) == (2, 2, 1)


def test_a_part_that_comes_again_counts_by_its_last_attempt(
    line: Line, new_store: Callable[[], tuple[Store, Statistics]]
) -> None:
    store, statistics = new_store()
    record = StationRecord(store, statistics, shifts=DEFAULT_SHIFTS, now=lambda: NOON)
    controller = InspectController(record, line.standstill, clock=line.clock, now=line.clock.now)
    page = controller.line
    for verdict, attempt in ((Verdict.NG, 1), (Verdict.OK, 2)):
        origin = an_origin(attempt, part_id="A-1", attempt=attempt)
        inspection = an_inspection(verdict, origin=origin)
        controller.inspected(store.record(inspection), inspection)
    counts = page.counters.counts
    assert (counts.ok, counts.ng, page.unjudged, page.judging.held) == (1, 0, 0, None)


def test_an_archived_picture_comes_back(tmp_path: Path) -> None:
    database = open_record(f"sqlite:///{tmp_path / 'loupe.db'}", station="line-1")
    writer = PictureWriter(tmp_path / "pictures", database, "line-1")
    store = Store(database, "line-1", writer)
    statistics = Statistics(database, "line-1", pictures=tmp_path / "pictures")
    record = StationRecord(store, statistics, shifts=DEFAULT_SHIFTS, now=lambda: NOON)
    good = store.record(an_inspection(Verdict.OK, number=1))
    bad = store.record(an_inspection(Verdict.NG, number=2, image=an_image(grey=44)))
    writer.close()
    picture = record.picture(bad)
    assert picture is not None
    assert picture[5, 5].tolist() == [44, 44, 44]
    assert record.picture(good) is None
