"""What follows from a scan: a name for the next part, another lot, or a badge in the record."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from workstation.inspection.codes import Code, CodeKind, CodePatterns
from workstation.inspection.line import Line
from workstation.inspection.next_part import NextPart
from workstation.records.words import EventKind


class Scans(QObject):
    """Reads codes by the station's patterns and passes them on; one nobody knows is told."""

    def __init__(
        self,
        line: Line,
        next_part: NextPart,
        *,
        patterns: CodePatterns,
        change_lot: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._line = line
        self._next_part = next_part
        self.patterns = patterns
        self._change_lot = change_lot

    def take(self, scanned: str, *, lot_asked: bool = False) -> CodeKind | None:
        """Do what a scanned code asks, and say what it was; `lot_asked`: a lot was waited for."""
        line = self._line
        code = self.patterns.read(scanned, lot_asked=lot_asked)
        match code:
            case Code(CodeKind.PART, text):
                self._next_part.scanned(text)
            case Code(CodeKind.LOT, text):
                self._change_lot(text)
            case Code(CodeKind.BADGE, text):
                if line.asked(lambda: line.record.add_event(EventKind.BADGE_SCANNED, badge=text)):
                    line.note(f"Badge {text} is noted in the record.")
            case _:
                line.say(
                    f"The scanned code {scanned!r} is no part, lot or badge of this station; "
                    "nothing was changed. Scan the right label, or ask an engineer to look at the "
                    "code patterns in the settings.",
                    bad=True,
                )
        return None if code is None else code.kind
