"""Plays the station's sounds where the computer can; where it cannot, it says so."""

from __future__ import annotations

import logging
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Slot

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QSoundEffect

log = logging.getLogger(__name__)


class SoundPlayer(QObject):
    """One sound at a time; nothing that goes wrong with sound leaves this class.

    Qt's multimedia library needs ``libpulse0`` on Linux, and its first use takes half a second.
    """

    def __init__(self, names: tuple[str, ...], parent: QObject | None = None) -> None:
        """Load ``resources/sounds/<name>.wav`` for each of `names`."""
        super().__init__(parent)
        self._effects: dict[str, QSoundEffect] = {}
        self.silent_because = ""
        """Why nothing can be heard, for people; empty where it can."""
        try:
            # Here, because the module cannot be loaded on every computer.
            from PySide6.QtMultimedia import QMediaDevices, QSoundEffect
        except ImportError as error:
            self.silent_because = (
                f"Sounds cannot be played ({error}). On Linux, install the package libpulse0."
            )
            log.warning("%s", self.silent_because)
            return
        if not QMediaDevices.audioOutputs():
            self.silent_because = "Sounds cannot be played: this computer has no loudspeaker."
            log.warning("%s", self.silent_because)
            return
        for name in names:
            with as_file(files("resources").joinpath(f"sounds/{name}.wav")) as path:
                effect = QSoundEffect(self)
                effect.setSource(QUrl.fromLocalFile(str(path)))
                self._effects[name] = effect

    @Slot(str)
    def play(self, name: str) -> None:
        """Play a sound from its beginning; one that still plays gives way."""
        for effect in self._effects.values():
            effect.stop()
        if name in self._effects:
            self._effects[name].play()
