"""Counters of this shift."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workstation.inspection.line import Line
from workstation.records.statistics import ShiftCounts
from workstation.widgets.style import Sizes

ROWS = (
    # Word and share of the row's width: counts of parts grow longest.
    (("parts", 5), ("OK", 5), ("REVIEW", 4), ("NG", 4)),
    (("faults", 4), ("skipped", 4), ("yield", 5), ("parts/min", 5)),
)


class CountersPanel(QFrame):
    """Eight numbers, each over its word."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._title = _label("", tone="quiet")
        self._numbers: dict[str, QLabel] = {}
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._column.addWidget(self._title)
        for row in ROWS:
            grid = QGridLayout()
            grid.setSpacing(0)
            for column, (word, share) in enumerate(row):
                self._numbers[word] = _label("–", tone="number")
                grid.addWidget(self._numbers[word], 0, column)
                grid.addWidget(_label(word, tone="quiet"), 1, column)
                grid.setColumnStretch(column, share)
            self._column.addLayout(grid)

    def number(self, word: str) -> str:
        """Give what stands over a word."""
        return self._numbers[word].text()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        pad = sizes.px(6)
        self._column.setContentsMargins(pad, sizes.px(2), pad, sizes.px(3))

    def show_line(self, line: Line) -> None:
        """Take over the counts."""
        shift = f" {line.shift_name}" if line.shift_name else ""
        parts = "DEMO parts of this shift" if line.simulated else "this shift"
        self._title.setText(f"{parts}{shift}")
        counts, pace = line.counters.counts, line.counters.parts_per_min()
        skipped = 0 if line.source is None else line.source.skipped
        shown = {
            "parts": _spaced(counts.parts),
            "OK": _spaced(counts.ok),
            "REVIEW": _spaced(counts.review),
            "NG": _spaced(counts.ng),
            "faults": _spaced(counts.faults),
            "skipped": _spaced(skipped),
            "yield": _yield_words(counts),
            "parts/min": "–" if pace is None else f"{pace:.0f}",
        }
        for word, number in shown.items():
            self._numbers[word].setText(number)


def _label(words: str, *, tone: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("tone", tone)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    # No number may push its neighbours aside: nothing on the page jumps.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _yield_words(counts: ShiftCounts) -> str:
    """Write the yield with one decimal; a whole 100 % needs none and would not fit with it."""
    if counts.judged == 0:
        return "–"
    if counts.final_ok == counts.judged:
        return "100%"
    # Rounded down: 100.0 % would say that no part was bad.
    return f"{1000 * counts.final_ok // counts.judged / 10:.1f}%"


def _spaced(count: int) -> str:
    """Write 12345 as 12 345, with a space that does not break."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
