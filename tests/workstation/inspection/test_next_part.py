"""Triggers, codes and second looks: what reaches the engine, and what the page shows of it."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.sources.base import (
    CameraConfig,
    EveryFrame,
    FolderConfig,
    OnDemand,
    SourceConfig,
    SourceStatus,
    StreamConfig,
)
from engine.types import EngineState, Verdict
from tests.fakes import a_fault, an_image
from tests.workstation.inspection.conftest import Line
from tests.workstation.inspection.typing import Typist
from workstation.inspection.banner import banner_of
from workstation.inspection.keyboard import Action
from workstation.inspection.page import InspectPage
from workstation.records.words import FeedbackVerdict

pytestmark = pytest.mark.slow

ON_DEMAND = CameraConfig(trigger=OnDemand())


@pytest.mark.parametrize(
    ("config", "shown"),
    [
        (ON_DEMAND, True),
        (StreamConfig(url="rtsp://cam/1", trigger=OnDemand()), True),
        (CameraConfig(trigger=EveryFrame()), False),
        (FolderConfig(path=Path()), False),
        (None, False),
    ],
)
def test_the_trigger_is_there_where_the_source_waits_for_one(
    line: Line, page: InspectPage, config: SourceConfig | None, shown: bool
) -> None:
    line.controller.next_part.source_chosen(config)
    line.run()
    page.refresh()
    assert page.bottom.trigger.isVisible() is shown
    page.act(Action.TRIGGER)
    assert line.worker.asked == ([("trigger",)] if shown else [])


def test_a_pedal_triggers_once_however_long_it_is_pressed(
    line: Line, page: InspectPage, qtbot: QtBot
) -> None:
    line.controller.next_part.source_chosen(ON_DEMAND)
    line.run()
    pedal = Typist(page)
    pedal.press(" ", Qt.Key.Key_Space, after_ms=200)
    for _ in range(5):
        pedal.press(" ", Qt.Key.Key_Space, after_ms=30, repeats=True)
    qtbot.waitUntil(lambda: line.worker.asked == [("trigger",)])
    qtbot.mouseClick(page.bottom.trigger, Qt.MouseButton.LeftButton)
    assert line.worker.asked == [("trigger",)] * 2


def test_a_stopped_line_takes_no_trigger(line: Line, page: InspectPage) -> None:
    line.controller.next_part.source_chosen(ON_DEMAND)
    line.run()
    line.worker.state_changed.emit(EngineState.READY, "")
    page.act(Action.TRIGGER)
    assert not page.bottom.trigger.isEnabled()
    assert line.worker.asked == []
    assert "start" in line.shown.notice


def test_ready_waits_for_a_trigger_and_the_queue_is_shown(line: Line, page: InspectPage) -> None:
    line.controller.next_part.source_chosen(ON_DEMAND)
    line.run()
    assert banner_of(line.shown).word == "Ready"
    assert "Space" in banner_of(line.shown).detail
    line.worker.source_changed.emit(
        SourceStatus("camera", "Camera 1.", healthy=True, waiting=3, late=5)
    )
    page.refresh()
    assert page.bottom.trigger.text() == "wait 3, late 5"


def test_again_asks_for_the_part_its_key_names(line: Line, page: InspectPage) -> None:
    line.run()
    page.act(Action.AGAIN)
    assert "No part" in line.shown.notice
    asked = []
    for number, verdict in enumerate([Verdict.OK, Verdict.NG, Verdict.OK], start=1):
        line.part(verdict, number)
        line.look()
        page.refresh()
        asked.append(page.bottom.again.text())
        page.act(Action.AGAIN)
    line.worker.faulted.emit(4, a_fault(4))
    line.look()
    page.refresh()
    asked.append(page.bottom.again.text())
    page.act(Action.AGAIN)
    line.shown.look_at(1)
    page.refresh()
    asked.append(page.bottom.again.text())
    page.act(Action.AGAIN)
    names = ["000001", "000002", "000002", "000004", "000001"]
    assert asked == [f"again {name}" for name in names]
    assert [origin.part_id for _, origin in line.worker.asked] == names


def test_again_waits_until_the_part_was_seen(line: Line, page: InspectPage) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    page.act(Action.AGAIN)
    assert line.worker.asked == []
    assert "look" in line.shown.notice


def test_a_later_attempt_takes_the_place_of_the_earlier_one(line: Line, page: InspectPage) -> None:
    line.run()
    line.named_part(Verdict.NG, 1, "A-1")
    line.named_part(Verdict.NG, 2, "A-2")
    line.look()
    line.named_part(Verdict.REVIEW, 3, "A-1", attempt=2)
    line.look()
    page.refresh()
    assert page.pane.id_words == "A-1  attempt 2"
    assert "attempt 2" in banner_of(line.shown).detail
    assert [part.part_id for part in line.shown.judging.waiting] == ["A-2"]
    line.controller.judgements.judge(FeedbackVerdict.OK)
    assert line.record.feedback == {1: (3, FeedbackVerdict.OK)}


def test_the_word_of_the_station_does_not_flicker(line: Line, page: InspectPage) -> None:
    line.run()
    window = page.window()

    def word() -> str:
        window.refresh()  # type: ignore[attr-defined]
        words: str = window.status_line.words("state")  # type: ignore[attr-defined]
        return words

    said = [word()]
    line.part(Verdict.OK, 1)
    said.append(word())
    line.clock.go_on(2)
    said.append(word())
    line.clock.go_on(2)
    said.append(word())
    line.worker.began.emit(line.shown.live.origin)
    said.append(word())
    assert said == ["Ready", "Inspecting", "Inspecting", "Ready", "Inspecting"]


def test_a_part_of_the_record_can_be_asked_for_again(line: Line, page: InspectPage) -> None:
    line.named_part(Verdict.NG, 1, "A-1", attempt=3)
    line.record.pictures[1] = an_image()
    line.shown.simulated = None  # as after a start
    line.run()
    line.look()
    page.act(Action.AGAIN)
    ((_, origin),) = line.worker.asked
    assert (origin.source, origin.part_id, origin.attempt) == ("folder", "A-1", 3)
