"""Which sound is heard when: NG, fault and a lost source, one at a time, unless muted."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QObject, Signal, Slot

from workstation.inspection.line import Line
from workstation.inspection.seen_part import SeenPart
from workstation.records.words import EventKind, Outcome


class Sound(StrEnum):
    """The files of ``resources/sounds``, the least urgent first."""

    NG = "ng"
    FAULT = "fault"
    LOST = "lost"


LASTS_S = {Sound.NG: 0.37, Sound.FAULT: 0.61, Sound.LOST: 1.6}
PAUSE_S = 0.4
"""Quiet after a sound, so that NG in quick succession is heard as a beat, not as one noise."""
_URGENCY = {sound: place for place, sound in enumerate(Sound)}
_BY_OUTCOME = {Outcome.NG: Sound.NG, Outcome.FAULT: Sound.FAULT}


class Sounds(QObject):
    """Asks for sounds. Nothing is stored up: what cannot be heard now is not heard later.

    A more urgent sound cuts off a lesser one; a lesser or equal one is left out until it has ended.

    Signals
    -------
    wanted
        A `Sound` should be heard now.
    switched
        True when sounds were switched on, False when muted; for the settings.
    """

    wanted = Signal(str)
    switched = Signal(bool)

    def __init__(
        self,
        line: Line,
        *,
        on: bool,
        clock: Callable[[], float],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._line = line
        self._clock = clock
        self._playing: Sound | None = None
        self._until_s = 0.0
        line.sounds_on = on

    def took(self, part: SeenPart) -> None:
        """Let an NG part or a fault be heard."""
        sound = _BY_OUTCOME.get(part.outcome)
        if sound is not None:
            self.ask(sound)

    def ask(self, sound: Sound) -> None:
        """Let a sound be heard now, if nothing more urgent is."""
        line, now = self._line, self._clock()
        playing = self._playing if now < self._until_s else None
        if not line.sounds_on or line.silent_because:
            return
        if playing is not None and _URGENCY[sound] <= _URGENCY[playing]:
            return
        self._playing, self._until_s = sound, now + LASTS_S[sound] + PAUSE_S
        self.wanted.emit(sound.value)

    def cannot_play(self, why: str) -> None:
        """Take over that this computer makes no sounds; empty: it does."""
        self._line.silent_because = why
        self._line.changed()

    @Slot()
    def switch(self) -> None:
        """Mute, or let sounds be heard again."""
        line = self._line
        if line.silent_because:
            line.note(line.silent_because)
            return
        line.sounds_on = not line.sounds_on
        line.asked(lambda: line.record.add_event(EventKind.SOUND_MUTED, muted=not line.sounds_on))
        self.switched.emit(line.sounds_on)
        line.changed()
