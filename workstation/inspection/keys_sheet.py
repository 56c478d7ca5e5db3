"""All keys of the keyboard on one sheet; a panel, not a box."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from workstation.inspection.keyboard import BINDINGS
from workstation.widgets.style import Sizes

ROWS = (len(BINDINGS) + 1) // 2


class KeysSheet(QFrame):
    """Two columns of keys and what they do; written from the table that acts on them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self._over = parent
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._grid = QGridLayout(self)
        title = QLabel("Keys")
        title.setProperty("tone", "title")
        self._grid.addWidget(title, 0, 0, 1, 2)
        for index, binding in enumerate(BINDINGS):
            column, row = divmod(index, ROWS)
            key, words = QLabel(binding.shown), QLabel(binding.action.value)
            key.setProperty("tone", "strong")
            key.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(key, row + 1, 2 * column)
            self._grid.addWidget(words, row + 1, 2 * column + 1)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(3, 1)
        self.hide()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        pad = sizes.px(16)
        self._grid.setContentsMargins(pad, pad, pad, pad)
        self._grid.setHorizontalSpacing(sizes.px(12))
        self._grid.setVerticalSpacing(sizes.px(5))
        self.place()

    def place(self) -> None:
        """Stand in the middle of the picture; called when it changes its size."""
        width = min(self._sizes.px(760), self._over.width())
        height = min(self.sizeHint().height(), self._over.height())
        self.setGeometry(
            (self._over.width() - width) // 2, (self._over.height() - height) // 2, width, height
        )
