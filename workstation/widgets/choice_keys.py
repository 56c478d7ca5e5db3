"""One of a few, each a key of its own; nothing is folded away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QWidget

from workstation.widgets.big_key import BigKey
from workstation.widgets.style import Palette, Sizes

HEIGHT_AT_720 = 30


class ChoiceKeys(QWidget):
    """Keys side by side or below each other, of which one is chosen.

    Signals
    -------
    chosen
        The value of the key that a person pressed.
    """

    chosen = Signal(str)

    def __init__(
        self, palette: Palette, *, below: bool = False, parent: QWidget | None = None
    ) -> None:
        """Make an empty row; `below` makes it a column."""
        super().__init__(parent)
        self._palette = palette
        self._below = below
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._offered: tuple[tuple[str, str], ...] = ()
        self._value = ""
        self.keys: dict[str, BigKey] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)

    @property
    def value(self) -> str:
        """What is chosen; may be none of those that are offered."""
        return self._value

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer these values, each with its words, instead of the former ones."""
        if tuple(choices) == self._offered:
            return
        self._offered = tuple(choices)
        for key in self.keys.values():
            self._grid.removeWidget(key)
            key.hide()
            key.deleteLater()
        self.keys = {}
        for place, (value, words) in enumerate(choices):
            key = BigKey(words, shortcut="", palette=self._palette)
            key.setCheckable(True)
            key.setProperty("value", value)
            key.clicked.connect(self._pressed)
            self._grid.addWidget(key, *((place, 0) if self._below else (0, place)))
            self.keys[value] = key
        self.set_sizes(self._sizes)
        self.choose(self._value)

    def choose(self, value: str) -> None:
        """Mark a value as chosen, without telling."""
        self._value = value
        for name, key in self.keys.items():
            key.setChecked(name == value)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self._grid.setSpacing(sizes.px(4))
        for key in self.keys.values():
            key.set_sizes(sizes, height_px=sizes.px(HEIGHT_AT_720))
            key.setMinimumWidth(0)

    @Slot()
    def _pressed(self) -> None:
        value = str(self.sender().property("value"))
        self.choose(value)
        self.chosen.emit(value)
