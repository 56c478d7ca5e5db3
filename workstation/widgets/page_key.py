"""A page as icon and word at the left edge of the window; pressed, it opens the page."""

from __future__ import annotations

from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from workstation.widgets.lettering import fitted_font, sized_font
from workstation.widgets.style import Palette, Sizes


class PageKey(QAbstractButton):
    """Checked while its page is open; never takes the keyboard's focus."""

    def __init__(self, word: str, *, icon: str, shortcut: str, palette: Palette) -> None:
        """Make a key.

        Parameters
        ----------
        word
            Name of the page.
        icon
            File of the icon, below ``resources``.
        shortcut
            Key of the keyboard, as written on it.
        palette
            Colours.
        """
        super().__init__()
        self._shortcut = shortcut
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        svg = files("resources").joinpath(icon).read_bytes()
        self._icon = QSvgRenderer(QByteArray(svg), self)
        self.setText(word)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip(f"{word} ({shortcut})")
        self.setAccessibleName(word)

    def set_sizes(self, sizes: Sizes, *, width_px: int) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self.setFixedSize(QSize(width_px, sizes.key_px))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the open page's mark, icon, word and shortcut."""
        with QPainter(self) as painter:
            px, p = self._sizes.px, self._palette
            if self.isDown():
                painter.fillRect(self.rect(), QColor(p.key_pressed))
            elif self.isChecked():
                painter.fillRect(self.rect(), QColor(p.key))
            if self.isChecked():
                painter.fillRect(QRectF(0, 0, px(3), self.height()), QColor(p.text))
            side, line = px(24), px(16)
            top = (self.height() - side - 2 * line) / 2
            self._icon.render(painter, QRectF((self.width() - side) / 2, top, side, side))
            word = QRectF(px(4), top + side, self.width() - px(5), line)
            painter.setPen(QColor(p.text))
            painter.setFont(
                fitted_font(self.font(), self.text(), width=word.width(), height=px(14))
            )
            painter.drawText(word, Qt.AlignmentFlag.AlignCenter, self.text())
            painter.setPen(QColor(p.quiet))
            painter.setFont(sized_font(self.font(), pixels=px(10)))
            painter.drawText(word.translated(0, line), Qt.AlignmentFlag.AlignCenter, self._shortcut)
