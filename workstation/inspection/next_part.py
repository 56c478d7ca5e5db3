"""What the source is asked for: the next part and its code, or a part once more."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from engine.sources.base import CameraConfig, OnDemand, SourceConfig, StreamConfig, VideoConfig
from engine.types import Origin
from workstation.inspection.line import Line

_CAMERAS = (CameraConfig, StreamConfig, VideoConfig)


class NextPart(QObject):
    """Passes triggers, codes and second looks on to the engine.

    Signals
    -------
    trigger_requested
        One picture is wanted now.
    scan_requested
        The code of the next part.
    again_requested
        `Origin` of the part that is to be inspected once more.
    """

    trigger_requested = Signal()
    scan_requested = Signal(str)
    again_requested = Signal(object)

    def __init__(self, line: Line, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = line

    @Slot(object)
    def source_chosen(self, config: SourceConfig | None) -> None:
        """Take over how the source works that is opened now; no code is kept for it."""
        line = self._line
        line.takes_codes = isinstance(config, _CAMERAS)
        line.on_demand = isinstance(config, _CAMERAS) and isinstance(config.trigger, OnDemand)
        line.code = ""
        line.changed()

    def took(self, origin: Origin) -> None:
        """Let go of the code when its part has come."""
        if self._line.code == origin.part_id:
            self._line.code = ""

    @Slot()
    def trigger(self) -> None:
        """Ask for one picture."""
        line = self._line
        if not line.on_demand:
            line.note("This source brings its parts by itself; nothing to trigger.")
        elif not line.running:
            line.note("The line is stopped: start it first (S).")
        else:
            self.trigger_requested.emit()

    def scanned(self, code: str) -> None:
        """Take the code of the next part."""
        line = self._line
        if not line.takes_codes:
            line.note(f"Code {code} is not used: the parts of this source bring their own names.")
            return
        if line.code and line.code != code:
            line.note(f"Code {code} takes the place of {line.code}.")
        line.code = code
        line.changed()
        self.scan_requested.emit(code)

    @Slot()
    def again(self) -> None:
        """Ask for one more inspection of the part that the key names."""
        line = self._line
        part = line.again
        if part is None:
            line.note("No part to inspect again yet.")
        elif line.judging.guarded:
            line.note("Another part has just come: look, then press again.")
        else:
            line.note(f"Part {part.part_id} is inspected again.")
            self.again_requested.emit(part.origin)
