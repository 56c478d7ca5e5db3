"""Each kind of trouble has its sound; one at a time, none in store, and muting is shown."""

import wave
from importlib.resources import files

import pytest
from pytestqt.qtbot import QtBot

from engine.sources.base import SourceStatus
from engine.types import EngineState, Verdict
from tests.fakes import a_fault
from tests.workstation.inspection.conftest import Line
from workstation.inspection.keyboard import Action
from workstation.inspection.page import InspectPage
from workstation.inspection.sounds import LASTS_S, PAUSE_S, Sound
from workstation.records.words import EventKind
from workstation.widgets.sound_player import SoundPlayer

LOST = "The camera does not answer; Loupe tries again in 2 s."


@pytest.fixture
def heard(line: Line) -> list[str]:
    heard: list[str] = []
    line.controller.sounds.wanted.connect(heard.append)
    return heard


@pytest.mark.parametrize("sound", Sound)
def test_each_sound_lasts_as_long_as_the_page_believes(sound: Sound) -> None:
    with wave.open(str(files("resources") / "sounds" / f"{sound}.wav")) as file:
        seconds = file.getnframes() / file.getframerate()
    assert seconds == pytest.approx(LASTS_S[sound], abs=0.01)


def test_ng_fault_and_a_lost_source_sound_different(line: Line, heard: list[str]) -> None:
    line.run()
    line.part(Verdict.OK, 1)
    line.part(Verdict.REVIEW, 2)
    assert heard == []
    line.part(Verdict.NG, 3)
    line.clock.go_on(5)
    line.worker.faulted.emit(4, a_fault(4))
    line.clock.go_on(5)
    for seconds in (1, 2, 5):
        words = LOST.replace("2", str(seconds))
        line.worker.source_changed.emit(SourceStatus("camera", words, healthy=False))
        line.worker.state_changed.emit(EngineState.ERROR, words)
    assert heard == ["ng", "fault", "lost"]


def test_ng_in_quick_succession_is_a_beat_and_nothing_is_stored_up(
    line: Line, heard: list[str]
) -> None:
    line.run()
    for number in range(1, 31):
        line.part(Verdict.NG, number)
        line.clock.go_on(0.1)
    period = LASTS_S[Sound.NG] + PAUSE_S
    assert len(heard) <= 3.0 / period + 1
    before = len(heard)
    line.clock.go_on(10)
    line.part(Verdict.OK, 31)
    assert len(heard) == before


def test_the_more_urgent_sound_wins(line: Line, heard: list[str]) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.worker.faulted.emit(2, a_fault(2))
    line.part(Verdict.NG, 3)
    assert heard == ["ng", "fault"]


def test_muting_is_shown_noted_and_told_to_the_settings(
    line: Line, page: InspectPage, heard: list[str], qtbot: QtBot
) -> None:
    line.run()
    with qtbot.waitSignal(line.controller.sounds.switched) as switched:
        page.act(Action.SOUND)
    assert switched.args == [False]
    assert page.sound_words == "MUTED"
    line.part(Verdict.NG, 1)
    assert heard == []
    page.act(Action.SOUND)
    assert page.sound_words == "sound"
    assert line.record.events == [
        (EventKind.SOUND_MUTED, {"muted": True}),
        (EventKind.SOUND_MUTED, {"muted": False}),
    ]


def test_a_computer_without_sound_says_so(line: Line, page: InspectPage, heard: list[str]) -> None:
    line.run()
    line.controller.sounds.cannot_play("Sounds cannot be played: there is no loudspeaker.")
    page.refresh()
    assert page.sound_words == "no sound"
    page.act(Action.SOUND)
    assert "loudspeaker" in line.shown.notice
    assert line.shown.sounds_on
    line.part(Verdict.NG, 1)
    assert heard == []


def test_the_player_never_fails(qapp: object) -> None:
    player = SoundPlayer(tuple(Sound))
    for sound in (*Sound, "no such sound"):
        player.play(sound)
