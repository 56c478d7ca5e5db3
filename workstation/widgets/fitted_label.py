"""A line of text that is never simply cut: it shrinks first, then leaves its middle out."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.widgets.lettering import sized_font
from workstation.widgets.style import Palette, Sizes

SMALLEST = 0.7
"""Share of the full size below which the middle is left out instead."""


class FittedLabel(QWidget):
    """For names that people choose, such as part ids and file names."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._text = ""
        self._pixels = 14.0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        """Give the whole text."""
        return self._text

    def setText(self, text: str) -> None:
        """Show another text."""
        if text != self._text:
            self._text = text
            self.setToolTip(text)
            self.setAccessibleName(text)
            self.update()

    def set_sizes(self, sizes: Sizes, *, height_at_720: float) -> None:
        """Follow the window's size."""
        self.setFixedHeight(sizes.px(height_at_720))
        self._pixels = sizes.unit * height_at_720 * 0.72

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text as large as it fits."""
        with QPainter(self) as painter:
            pixels = self._pixels
            painter.setFont(sized_font(self.font(), pixels=pixels, bold=True))
            wide = painter.fontMetrics().horizontalAdvance(self._text)
            if wide > self.width():
                pixels *= max(self.width() / wide, SMALLEST)
                painter.setFont(sized_font(self.font(), pixels=pixels - 0.5, bold=True))
            shown = painter.fontMetrics().elidedText(
                self._text, Qt.TextElideMode.ElideMiddle, self.width()
            )
            painter.setPen(QColor(self._palette.text))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(self.rect(), flags, shown)
