"""How the source and the engine do: pictures per second, what was missed, and how long it took."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from engine.sources.base import SourceStatus
from workstation.system.latency import Latencies
from workstation.widgets.style import Sizes

_NAMES = ("pictures per s", "waiting", "skipped", "late triggers", "faults")
_HEADS = ("ms per part", "p50", "p95", "p99", "max")
_ROWS = 5
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FactsPanel(QFrame):
    """Five numbers of the source, and the table of latencies."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self._numbers = {name: _number() for name in _NAMES}
        self._cells = [[_number() for _ in _HEADS] for _ in range(_ROWS)]
        self._heads = [QLabel(head) for head in _HEADS]
        self._grid = QGridLayout(self)
        for row, (name, number) in enumerate(self._numbers.items()):
            label = QLabel(name)
            label.setProperty("tone", "quiet")
            self._grid.addWidget(label, row, 0)
            self._grid.addWidget(number, row, 1)
        self._grid.setColumnStretch(2, 1)
        for column, head in enumerate(self._heads):
            head.setProperty("tone", "quiet")
            if column:
                head.setAlignment(_RIGHT)
            self._grid.addWidget(head, 0, 3 + column)
        for row, cells in enumerate(self._cells):
            cells[0].setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            for column, cell in enumerate(cells):
                self._grid.addWidget(cell, row + 1, 3 + column)
        self._shown = -1

    def number(self, name: str) -> str:
        """Give what one of the numbers says."""
        return self._numbers[name].text()

    def row(self, index: int) -> list[str]:
        """Give the words of a row of the table."""
        return [cell.text() for cell in self._cells[index]]

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        pad = sizes.px(8)
        self._grid.setContentsMargins(pad, sizes.px(5), pad, sizes.px(5))
        self._grid.setHorizontalSpacing(sizes.px(8))
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnMinimumWidth(2, sizes.px(14))
        for number in self._numbers.values():
            number.setFixedWidth(sizes.px(42))
        for cells in (self._heads, *self._cells):
            cells[0].setFixedWidth(sizes.px(92))
            for cell in cells[1:]:
                cell.setFixedWidth(sizes.px(40))

    def show_facts(self, status: SourceStatus | None, latencies: Latencies, *, faults: int) -> None:
        """Take over what is known now."""
        rate = None if status is None else status.frames_per_s
        words = {
            "pictures per s": "–" if rate is None else f"{rate:.1f}",
            "waiting": "–" if status is None else str(status.waiting),
            "skipped": "–" if status is None else str(status.skipped),
            "late triggers": "–" if status is None else str(status.late),
            "faults": str(faults),
        }
        for name, text in words.items():
            self._numbers[name].setText(text)
        table = latencies.table()
        self._heads[0].setText(f"ms, {len(latencies)} parts")
        for index, cells in enumerate(self._cells):
            row = table[index] if index < len(table) else None
            texts = [""] * len(cells)
            if row is not None:
                times = (row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms)
                texts = [row.stage, *(f"{ms:.1f}" if ms < 100 else f"{ms:.0f}" for ms in times)]
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(text)


def _number() -> QLabel:
    label = QLabel("")
    label.setAlignment(_RIGHT)
    return label
