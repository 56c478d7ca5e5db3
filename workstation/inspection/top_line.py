"""Recipe, lot and parts in this lot; while simulated, the blue key that leads to real pictures."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from engine.types import EngineState
from workstation.inspection.keyboard import Action, shown_key
from workstation.inspection.line import Line
from workstation.widgets.big_key import BigKey, KeyTone
from workstation.widgets.fitted_label import FittedLabel
from workstation.widgets.style import Palette, Sizes

HEIGHT_AT_720 = 32


class TopLine(QWidget):
    """One line over the picture.

    Signals
    -------
    lot_pressed, own_pictures_pressed
        The keys of that name.
    """

    lot_pressed = Signal()
    own_pictures_pressed = Signal()

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recipe = QLabel()
        self._recipe.setProperty("tone", "title")
        self._recipe.setTextFormat(Qt.TextFormat.PlainText)
        self._recipe.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._lot = BigKey("", shortcut=shown_key(Action.LOT), palette=palette, tip="another lot")
        self._lot.clicked.connect(self.lot_pressed)
        self._parts = QLabel()
        self._code = FittedLabel(palette)
        self._health = QLabel()
        self._health.setProperty("tone", "act")
        self._health.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._own = BigKey(
            "Use my own pictures",
            shortcut=shown_key(Action.OWN_PICTURES),
            palette=palette,
            tone=KeyTone.ACT,
        )
        self._own.clicked.connect(self.own_pictures_pressed)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._recipe)
        self._row.addWidget(self._lot)
        self._row.addWidget(self._parts)
        self._row.addWidget(self._code, 1)
        self._row.addWidget(self._health)
        self._row.addWidget(self._own)

    @property
    def code_words(self) -> str:
        """What stands there of a scanned code."""
        return self._code.text()

    @property
    def health_words(self) -> str:
        """What stands there of the pictures' health."""
        return self._health.text()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self.setFixedHeight(sizes.px(HEIGHT_AT_720))
        self._row.setContentsMargins(sizes.px(8), sizes.px(2), 0, sizes.px(2))
        self._row.setSpacing(sizes.px(12))
        self._health.setFixedWidth(sizes.px(120))
        self._code.set_sizes(sizes, height_at_720=22)
        for key, width in ((self._lot, 176), (self._own, 226)):
            key.set_sizes(sizes, height_px=sizes.px(HEIGHT_AT_720 - 4))
            key.setFixedWidth(sizes.px(width))

    def show_line(self, line: Line) -> None:
        """Take over recipe and lot."""
        self._recipe.setText("no recipe" if line.release is None else line.release.recipe)
        lot = line.record.lot
        words = f"lot {lot}" if lot else "no lot named"
        if self._lot.text() != words:
            self._lot.setText(words)
        self._health.setText(line.health.words)
        self._code.setText(f"next part: {line.code}" if line.code else "")
        count = line.counters.lot_parts
        parts = f"{count} part{'' if count == 1 else 's'}"
        self._parts.setText(f"{parts} in this lot" if lot else parts)
        waits = line.state in (EngineState.PREOPERATIONAL, EngineState.INITIALIZED) and line.settled
        nothing_yet = waits and line.fit is None
        self._own.setVisible(bool(line.simulated) or nothing_yet)
