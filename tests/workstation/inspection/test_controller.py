"""Counting, looking back, lots, and what the banner says."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.recipe import Roi
from engine.sources.base import SourceStatus
from engine.types import EngineState, FitStep, Verdict
from tests.fakes import a_fault, an_image, an_inspection
from tests.workstation.inspection.conftest import FACTS, Line
from workstation.inspection.banner import NOT_INSPECTING, banner_of
from workstation.inspection.seen_part import KEPT_PX
from workstation.records.statistics import ShiftCounts
from workstation.records.words import EventKind, FeedbackVerdict
from workstation.widgets.marks import Sign
from workstation.widgets.messages import Message


def test_counters_begin_from_the_record_and_go_on_in_memory(line: Line) -> None:
    line.record.counts = ShiftCounts(ok=100, review=3, ng=2, faults=1, final_ok=101)
    line.record.lot_parts["4711"] = 40
    line.run()
    line.part(Verdict.OK, 1)
    line.part(Verdict.NG, 2)
    line.worker.faulted.emit(3, a_fault(3))
    counts = line.shown.counters.counts
    assert (counts.ok, counts.review, counts.ng, counts.faults) == (101, 3, 3, 2)
    assert (counts.parts, line.shown.counters.lot_parts) == (109, 43)
    assert counts.yield_share == pytest.approx(102 / 107)


def test_a_part_recorded_before_the_counts_were_read_is_not_counted_twice(line: Line) -> None:
    inspection = an_inspection(Verdict.NG, number=1)
    line.record.took(1, inspection)
    line.run()
    line.worker.inspected.emit(1, inspection)
    assert line.shown.counters.counts.ng == 1
    assert line.shown.unjudged == 1


def test_a_new_shift_begins_at_what_the_record_holds_of_it(line: Line) -> None:
    """A window that is minimised does not tick: parts come in before the shift is noticed."""
    line.run()
    line.part(Verdict.OK, 1)
    line.clock.go_on(2 * 3600 + 60)
    line.part(Verdict.NG, 2 * 3600 + 10)
    line.part(Verdict.OK, 2 * 3600 + 20)
    line.shown.tick()
    counts = line.shown.counters.counts
    assert line.shown.shift_name == "14-22"
    assert (counts.ok, counts.ng, counts.final_ok) == (1, 1, 1)
    assert line.shown.counters.lot_parts == 3
    line.part(Verdict.OK, 2 * 3600 + 30)
    assert line.shown.counters.counts.ok == 2


def test_a_new_shift_of_an_unreadable_record_shows_nothing_of_the_last_one(line: Line) -> None:
    line.run()
    line.part(Verdict.OK, 1)
    line.clock.go_on(2 * 3600)
    line.record.failing = True
    line.shown.tick()
    assert line.shown.counters.counts.parts == 0
    assert line.shown.messages.newest.bad


def test_a_new_shift_begins_at_nothing(line: Line) -> None:
    line.run()
    line.part(Verdict.OK, 1)
    line.shown.tick()
    assert line.shown.shift_name == "06-14"
    line.clock.go_on(2 * 3600)
    line.shown.tick()
    assert line.shown.shift_name == "14-22"
    assert line.shown.counters.counts.parts == 0
    assert line.shown.counters.lot_parts == 1


def test_parts_per_minute_follow_the_takt_and_fall_when_the_line_is_quiet(line: Line) -> None:
    line.run()
    for number in range(1, 11):
        line.part(Verdict.OK, number)
        line.clock.go_on(2.0)
    assert line.shown.counters.parts_per_min() == pytest.approx(30.0)
    line.clock.go_on(18.0)
    assert line.shown.counters.parts_per_min() == pytest.approx(15.0)
    line.clock.go_on(60.0)
    assert line.shown.counters.parts_per_min() is None


def test_drawn_parts_stay_out_of_real_figures(line: Line) -> None:
    line.run(simulated=True)
    line.part(Verdict.NG, 1, simulated=True)
    assert banner_of(line.shown).demo
    line.worker.source_changed.emit(SourceStatus("folder", "Watching.", healthy=True))
    assert line.shown.counters.counts.parts == 0
    assert line.shown.judging.held is None
    assert line.shown.live is None
    assert not banner_of(line.shown).demo


def test_a_fault_has_no_verdict_and_waits_as_a_message(line: Line) -> None:
    line.run()
    line.worker.faulted.emit(1, a_fault(1))
    assert banner_of(line.shown).sign is Sign.FAULT
    assert line.shown.messages.newest.bad
    assert line.shown.judging.held is None
    line.controller.acknowledge()
    assert len(line.shown.messages) == 0


def test_banner_words_in_every_state(line: Line) -> None:
    said = [banner_of(line.shown).word]
    line.worker.state_changed.emit(EngineState.PREOPERATIONAL, "")
    said.append(banner_of(line.shown).word)  # the last release is still being opened
    line.worker.refused.emit("The release could not be opened.")
    said.append(banner_of(line.shown).word)
    line.worker.fit_progressed.emit(FitStep("Reading", 1, 10, 5.0))
    said.append(banner_of(line.shown).word)
    line.worker.fit_ended.emit(FACTS, "")
    line.run()
    said.append(banner_of(line.shown).word)
    for number, verdict in enumerate(Verdict, start=1):
        line.part(verdict, number)
        said.append(banner_of(line.shown).word)
    line.worker.source_changed.emit(SourceStatus("folder", "Gone.", healthy=False))
    said.append(banner_of(line.shown).word)
    line.worker.source_changed.emit(SourceStatus("folder", "Back.", healthy=True))
    line.worker.state_changed.emit(EngineState.READY, "")
    said.append(banner_of(line.shown).word)
    line.worker.state_changed.emit(EngineState.ERROR, "The release does not reproduce.")
    said.append(banner_of(line.shown).word)
    assert said == [
        *("Starting", "Starting", NOT_INSPECTING, NOT_INSPECTING, "Ready"),
        *("OK", "REVIEW", "NG", "FAULT", NOT_INSPECTING, NOT_INSPECTING),
    ]


def test_a_hung_engine_hides_the_last_verdict(line: Line) -> None:
    line.run()
    line.part(Verdict.OK, 1)
    line.controller.engine_hung("The engine has not answered for 5 s.")
    assert banner_of(line.shown).sign is Sign.FAULT
    line.controller.engine_answered("The engine answers again.")
    assert banner_of(line.shown).sign is Sign.OK


def test_looking_back_does_not_change_what_is_live_or_judged(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.part(Verdict.OK, 2)
    line.part(Verdict.OK, 3)
    line.shown.look_along(1)
    line.shown.look_along(1)
    assert line.shown.shown.inspection_id == 2
    line.part(Verdict.OK, 4)
    assert line.shown.shown.inspection_id == 2
    assert line.shown.live.inspection_id == 4
    assert line.shown.judging.held.inspection_id == 1
    line.shown.look_live()
    assert line.shown.shown.inspection_id == 4


def test_the_picture_stands_still_at_an_ng_when_asked(line: Line) -> None:
    line.run()
    line.controller.toggle_freeze()
    line.part(Verdict.NG, 1)
    line.part(Verdict.OK, 2)
    assert line.shown.shown.inspection_id == 1
    line.shown.look_live()
    assert line.shown.shown.inspection_id == 2


def test_twelve_last_parts_with_small_pictures(line: Line) -> None:
    line.run()
    for number in range(1, 21):
        big = an_inspection(number=number, image=an_image(width=2 * KEPT_PX, height=200))
        line.worker.inspected.emit(number, big)
    line.shown.tick()
    assert [part.inspection_id for part in line.shown.recent] == list(range(20, 8, -1))
    assert {part.picture.shape[1] for part in line.shown.recent} == {KEPT_PX}
    assert line.shown.live.picture.shape[1] == 2 * KEPT_PX
    assert line.shown.recent[0].source_size == (2 * KEPT_PX, 200)


def test_a_lot_changes_with_an_event_and_a_message(line: Line) -> None:
    line.run()
    line.record.lot_parts["4712"] = 5
    line.controller.change_lot("4712")
    line.controller.change_lot("4712")
    assert line.record.lot == "4712"
    assert line.record.events == [(EventKind.LOT_CHANGED, {"old": "4711", "new": "4712"})]
    assert line.shown.messages.newest.words == "Lot 4711 → 4712"
    assert line.shown.counters.lot_parts == 5


def test_commands_reach_the_worker_as_signals(line: Line) -> None:
    line.controller.start()
    line.controller.stop()
    line.controller.cancel_fit()
    assert line.worker.asked == [("start",), ("stop",), ("cancel_fit",)]


def test_own_pictures_need_two_folders(line: Line, tmp_path: Path, qtbot: QtBot) -> None:
    asked = line.controller.own_pictures_requested
    with qtbot.assertNotEmitted(asked):
        assert not line.controller.use_own_pictures(tmp_path, tmp_path / "none")
    assert "none" in line.shown.notice
    with qtbot.waitSignal(asked) as got:
        assert line.controller.use_own_pictures(tmp_path, tmp_path)
    assert got.args == [tmp_path, tmp_path]


def test_a_refusal_waits_as_a_message(line: Line) -> None:
    line.worker.refused.emit("The release could not be opened: it was changed. Import it again.")
    assert line.shown.messages.newest.bad


def test_a_failed_fit_says_why(line: Line) -> None:
    line.worker.fit_progressed.emit(FitStep("Reading", 1, 10, None))
    line.worker.fit_ended.emit(None, "Only 3 pictures: at least 8 are needed.")
    assert line.shown.fit is None
    assert line.shown.messages.newest.bad


def test_an_archived_picture_is_fetched_for_the_held_part(line: Line) -> None:
    line.record.took(1, an_inspection(Verdict.NG, number=1))
    line.record.pictures[1] = an_image(grey=33)
    line.run()
    line.shown.tick()
    assert line.shown.judging.held.picture[0, 0, 0] == 33
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.NG)
    assert line.shown.judging.held is None


def test_a_lost_source_is_told_once(line: Line) -> None:
    line.run()
    words = "The folder cannot be reached; Loupe tries again."
    line.worker.refused.emit(words)
    line.worker.source_changed.emit(SourceStatus("folder", words, healthy=False))
    line.worker.state_changed.emit(EngineState.ERROR, words)
    assert line.shown.messages.newest == Message(words, bad=True)


def test_a_picture_cut_out_by_a_hurried_engine_fills_the_rectangle(line: Line) -> None:
    line.run()
    roi = Roi(x=300, y=200, width=400, height=100)
    cut = an_inspection(Verdict.NG, number=1, image=an_image(width=56, height=56))
    line.worker.inspected.emit(1, cut)
    shown = line.shown.live.shown(roi)
    assert (shown.source_width, shown.source_height, shown.roi) == (400, 100, None)
    whole = an_inspection(Verdict.NG, number=2, image=an_image(width=800, height=600))
    line.worker.inspected.emit(2, whole)
    assert line.shown.live.shown(roi).roi == roi
