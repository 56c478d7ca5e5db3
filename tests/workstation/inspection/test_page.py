"""The page as a person uses it: keys, scanner, bars, and how seldom it repaints."""

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.sources.base import CameraConfig, OnDemand
from engine.types import ComputedBy, EngineState, FitStep, Verdict
from tests.workstation.inspection.conftest import FACTS, Line
from tests.workstation.inspection.typing import Typist
from workstation.inspection.keyboard import BINDINGS, Action
from workstation.inspection.page import InspectPage
from workstation.main_window import MainWindow
from workstation.records.statistics import ShiftCounts
from workstation.records.words import EventKind, FeedbackVerdict
from workstation.widgets.big_key import BigKey


def window_of(page: InspectPage) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


def test_key_one_judges_the_part_whose_id_stands_beside_it(
    line: Line, page: InspectPage, qtbot: QtBot
) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.part(Verdict.OK, 2)
    line.look()
    page.refresh()
    assert page.pane.id_words == "000001"
    qtbot.keyClick(page, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: bool(line.record.feedback))
    assert line.record.feedback == {1: (1, FeedbackVerdict.OK)}
    qtbot.keyClick(page, Qt.Key.Key_Z)
    qtbot.waitUntil(lambda: line.record.withdrawn == [1])


def test_keys_on_screen_do_the_same(line: Line, page: InspectPage, qtbot: QtBot) -> None:
    line.run()
    line.part(Verdict.REVIEW, 4)
    line.look()
    page.refresh()
    qtbot.mouseClick(page.pane.keys[FeedbackVerdict.UNSURE], Qt.MouseButton.LeftButton)
    assert line.record.feedback == {1: (4, FeedbackVerdict.UNSURE)}
    qtbot.mouseClick(page.bottom.stop, Qt.MouseButton.LeftButton)
    assert line.worker.asked == [("stop",)]


def test_enter_alone_ends_a_lot(line: Line, page: InspectPage, qtbot: QtBot) -> None:
    line.run()
    page.act(Action.LOT)
    assert page.bars.lot.question == "lot 4711  →  without a name"
    qtbot.keyClick(page.bars.lot.line, Qt.Key.Key_Return)
    assert line.record.lot == ""
    assert line.record.events == [(EventKind.LOT_CHANGED, {"old": "4711", "new": ""})]
    assert line.shown.messages.newest.words == "Lot 4711 → without a name"
    assert not page.bars.lot.isVisible()


def test_escape_leaves_the_lot_as_it_is(line: Line, page: InspectPage, qtbot: QtBot) -> None:
    line.run()
    page.act(Action.LOT)
    qtbot.keyClick(page.bars.lot.line, Qt.Key.Key_Escape)
    assert line.record.lot == "4711"
    assert not page.bars.lot.isVisible()


def test_no_key_takes_the_focus(page: InspectPage) -> None:
    keys = window_of(page).findChildren(BigKey)
    assert len(keys) > 15
    assert all(key.focusPolicy() is Qt.FocusPolicy.NoFocus for key in keys)


def test_the_limit_by_keys_alone(line: Line, page: InspectPage) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    for action in (Action.UNLOCK, Action.LIMIT_UP, Action.LIMIT_UP):
        page.act(action)
    assert page.bars.reason.isVisible()
    page.act(Action.KEEP)
    typist = Typist(page.bars.reason.line)
    typist.type("new lamp", gap_ms=90)
    typist.enter(after_ms=90)
    (asked,) = line.worker.asked
    assert (asked[0], asked[2]) == ("move_limits", "new lamp")
    assert asked[1].t2 == pytest.approx(3.2 * 1.02)
    assert not page.bars.reason.isVisible()


def test_escape_undoes_the_trial_and_the_bar_leaves(
    line: Line, page: InspectPage, qtbot: QtBot
) -> None:
    line.run()
    for action in (Action.UNLOCK, Action.LIMIT_DOWN, Action.KEEP):
        page.act(action)
    qtbot.keyClick(page.bars.reason.line, Qt.Key.Key_Escape)
    page.refresh()
    assert line.shown.limit.trial is None
    assert not page.bars.reason.isVisible()


def test_dragging_the_slider_is_a_trial(line: Line, page: InspectPage, qtbot: QtBot) -> None:
    line.run()
    page.refresh()
    slider = page.limit_panel.slider
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 9))
    assert line.shown.limit.trial is None
    page.act(Action.UNLOCK)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 9))
    assert line.shown.limit.trial.t2 == pytest.approx(1.8 * 3.2 / 2, rel=0.02)


def test_a_burst_of_500_parts_is_counted_and_hardly_repainted(
    line: Line, page: InspectPage, qtbot: QtBot
) -> None:
    line.run()
    page.refresh()
    before, begun = page.repaints, time.perf_counter()
    for number in range(1, 501):
        verdict = Verdict.NG if number % 10 == 0 else Verdict.OK
        line.part(verdict, number)
    spent = time.perf_counter() - begun
    qtbot.waitUntil(lambda: page.counters.number("OK") == "450")
    assert page.counters.number("NG") == "50"
    assert page.pane.waiting_words == "49 more"
    assert page.repaints - before <= 3 + spent / 0.033


@pytest.mark.parametrize(
    ("good", "of", "words"),
    [(0, 0, "–"), (29, 29, "100%"), (29, 100, "29.0%"), (9_999, 10_000, "99.9%")],
)
def test_a_yield_below_100_percent_never_reads_as_100(
    line: Line, page: InspectPage, good: int, of: int, words: str
) -> None:
    line.record.counts = ShiftCounts(ok=good, ng=of - good, final_ok=good)
    line.run()
    page.refresh()
    assert page.counters.number("yield") == words


def test_nothing_new_repaints_nothing(line: Line, page: InspectPage) -> None:
    line.run()
    page.refresh()
    before = page.repaints
    for _ in range(20):
        page.refresh()
    assert page.repaints == before


def test_a_click_on_the_strip_looks_again(line: Line, page: InspectPage, qtbot: QtBot) -> None:
    line.run()
    for number in (1, 2, 3):
        line.part(Verdict.OK, number)
    page.refresh()
    place = page.bottom.strip.place_of(2).center().toPoint()
    qtbot.mouseClick(page.bottom.strip, Qt.MouseButton.LeftButton, pos=place)
    page.refresh()
    assert page.view.part is not None
    assert "000001" in page.view.part.caption


def test_the_picture_has_sixty_percent_of_a_small_window(page: InspectPage) -> None:
    area = page.view.width() * page.view.height()
    assert area >= 0.60 * 1280 * 720


@pytest.mark.parametrize(("width", "height"), [(1024, 600), (1280, 720), (1920, 1080)])
def test_nothing_is_cut(line: Line, page: InspectPage, width: int, height: int) -> None:
    window = window_of(page)
    window.resize(width, height)
    line.controller.next_part.source_chosen(CameraConfig(trigger=OnDemand()))
    line.run(simulated=True)
    page.bars.scanned("4711-2026-000815-A")
    line.part(Verdict.NG, 1, simulated=True)
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.UNSURE)
    line.worker.fit_progressed.emit(FitStep("Reading pictures", 1, 10, 30.0))
    page.refresh()
    assert (window.width(), window.height()) == (width, height)
    for widget in window.findChildren(QWidget):
        parent = widget.parentWidget()
        if widget.isVisible() and parent is not None:
            assert parent.rect().contains(widget.geometry()), widget
    for label in window.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap():
            wide = label.fontMetrics().horizontalAdvance(label.text())
            assert wide <= label.width() + 1, label.text()


def test_the_banner_keeps_its_size(line: Line, page: InspectPage) -> None:
    sizes = {page.banner.size().toTuple()}
    line.run()
    for number, verdict in enumerate(Verdict, start=1):
        line.part(verdict, number)
        page.refresh()
        sizes.add(page.banner.size().toTuple())
    line.worker.state_changed.emit(EngineState.READY, "")
    page.refresh()
    sizes.add(page.banner.size().toTuple())
    assert len(sizes) == 1


def test_own_pictures_from_the_demo(
    line: Line, page: InspectPage, qtbot: QtBot, tmp_path: Path
) -> None:
    line.run(simulated=True)
    page.act(Action.OWN_PICTURES)
    panel = page.own_pictures
    panel.good.setText(str(tmp_path / "none"))
    panel.watch.setText(str(tmp_path))
    assert not panel.learn.isEnabled()
    panel.good.setText(str(tmp_path))
    with qtbot.waitSignal(line.controller.own_pictures_requested) as asked:
        qtbot.mouseClick(panel.learn, Qt.MouseButton.LeftButton)
    assert asked.args == [tmp_path, tmp_path]
    assert not panel.isVisible()


def test_every_action_has_a_key_and_does_something(line: Line, page: InspectPage) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    assert {binding.action for binding in BINDINGS} == set(Action)
    keys = [key for binding in BINDINGS for key in binding.keys]
    assert len(keys) == len(set(keys))
    for action in Action:
        page.act(action)


def test_closing_asks_first(line: Line, page: InspectPage, qtbot: QtBot) -> None:
    window = window_of(page)
    with qtbot.waitSignal(window.closing):
        window.close()
    assert window.isVisible()
    window.close_now()
    assert not window.isVisible()


def test_the_bottom_edge_says_where_and_what(line: Line, page: InspectPage) -> None:
    line.run()
    window = window_of(page)
    window.refresh()
    words = window.status_line.words
    assert words("station") == "station line-1"
    assert words("release") == "ring 40 · release r-0001"
    assert words("state") == "Ready"
    assert (words("skipped"), words("lost")) == ("skipped 0", "pictures lost 0")
    assert (words("disk"), words("person")) == ("disk 100 GB free", "local")


def test_the_bottom_edge_knows_what_computes_the_release(line: Line, page: InspectPage) -> None:
    line.run()
    window = window_of(page)
    window.refresh()
    assert window.status_line.tip("release") == ""
    line.controller.computed_by(ComputedBy("openvino in float32 on cpu", "openvino in float32", ""))
    window.refresh()
    assert window.status_line.tip("release") == "computed by openvino in float32 on cpu"


def test_an_engine_that_cannot_inspect_says_what_it_lacks(line: Line, page: InspectPage) -> None:
    window = window_of(page)

    def state_words() -> str:
        window.refresh()
        return window.status_line.words("state")

    line.worker.state_changed.emit(EngineState.PREOPERATIONAL, "")
    said = [state_words()]
    line.worker.refused.emit("The release could not be opened.")
    said.append(state_words())
    line.worker.fit_progressed.emit(FitStep("Reading", 1, 10, 5.0))
    said.append(state_words())
    line.worker.fit_ended.emit(FACTS, "")
    line.worker.release_changed.emit(FACTS)
    said.append(state_words())
    assert said == [
        *("Starting", "Stopped: no release", "Stopped: learning", "Stopped: no source"),
    ]
