"""A key for gloved fingers: its letter on the keyboard stands on it."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from workstation.widgets.lettering import fitted_font
from workstation.widgets.style import Palette, Sizes


class KeyTone(StrEnum):
    """How a key looks."""

    PLAIN = "plain"
    ACT = "act"
    """Blue: the person must act."""


class BigKey(QAbstractButton):
    """Shows its shortcut and its words; two rows, or one where it is low.

    It never takes the keyboard's focus: keys are pressed by their letter, and a scanner's Return
    must not press whichever key was touched last.
    """

    def __init__(
        self,
        words: str,
        *,
        shortcut: str,
        palette: Palette,
        tone: KeyTone = KeyTone.PLAIN,
        tip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._palette = palette
        self._tone = tone
        self._shortcut = shortcut
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self.setText(words)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(f"{tip or words} ({shortcut})" if shortcut else tip or words)
        self.setAccessibleName(words)

    def set_sizes(self, sizes: Sizes, *, height_px: int | None = None) -> None:
        """Follow the window's size; the height is that of a gloved key unless told otherwise."""
        self._sizes = sizes
        self.setFixedHeight(height_px or sizes.key_px)
        self.setMinimumWidth(min(sizes.key_px, sizes.px(70)))

    def set_tone(self, tone: KeyTone) -> None:
        """Change the look."""
        if tone is not self._tone:
            self._tone = tone
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, shortcut and words."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            p = self._palette
            act = self._tone is KeyTone.ACT
            if not self.isEnabled():
                ground, ink = p.key_off, p.off
            elif self.isDown() or self.isChecked():
                ground, ink = (p.act_pressed, p.act_text) if act else (p.key_pressed, p.text)
            else:
                ground, ink = (p.act, p.act_text) if act else (p.key, p.text)
            box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            edge = p.text if self.isChecked() else p.line
            painter.setPen(QPen(QColor(edge), 2 if self.isChecked() else 1))
            painter.setBrush(QColor(ground))
            painter.drawRoundedRect(box, self._sizes.radius_px, self._sizes.radius_px)
            painter.setPen(QColor(ink))
            pad = self._sizes.px(5)
            inner = box.adjusted(pad, pad / 2, -pad, -pad / 2)
            if box.height() >= self._sizes.px(52):
                self._paint_two_rows(painter, inner)
            else:
                self._paint_one_row(painter, inner)

    def _paint_two_rows(self, painter: QPainter, inner: QRectF) -> None:
        high = inner.height()
        upper = QRectF(inner.left(), inner.top() + high * 0.06, inner.width(), high * 0.5)
        lower = QRectF(inner.left(), inner.top() + high * 0.56, inner.width(), high * 0.36)
        painter.setFont(
            fitted_font(
                self.font(),
                self._shortcut,
                width=upper.width(),
                height=upper.height() * 0.88,
                bold=True,
            )
        )
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, self._shortcut)
        room = min(lower.height(), self._sizes.px(18))
        painter.setFont(fitted_font(self.font(), self.text(), width=lower.width(), height=room))
        painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, self.text())

    def _paint_one_row(self, painter: QPainter, inner: QRectF) -> None:
        room = min(inner.height(), self._sizes.px(18))
        words = self.text() or self._shortcut
        if self.text() and self._shortcut:
            words = f"{words}  [{self._shortcut}]"
        painter.setFont(
            fitted_font(self.font(), words, width=inner.width(), height=room, bold=True)
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, words)
