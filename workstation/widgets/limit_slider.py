"""The reject limit on the score's own axis, with the fitted value marked."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.widgets.lettering import sized_font
from workstation.widgets.style import Palette, Sizes


class LimitSlider(QWidget):
    """A dumb slider: it asks for a value and shows the one it is given. Locked, it asks nothing.

    Signals
    -------
    value_asked
        Reject limit under the pointer, on the score's scale.
    released
        The person let go.
    """

    value_asked = Signal(float)
    released = Signal()
    HEIGHT_AT_720 = 30

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._value: float | None = None
        self._fitted: float | None = None
        self._end = 1.0
        self._locked = True
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "Reject limit; the review limit and the pixel limit follow in the same ratio. "
            "Unlock with U, move with − and +."
        )

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self.setFixedHeight(sizes.px(self.HEIGHT_AT_720))

    def sizeHint(self) -> QSize:
        """Ask for the fixed height."""
        return QSize(self._sizes.px(250), self._sizes.px(self.HEIGHT_AT_720))

    def show_limit(
        self, value: float | None, *, fitted: float | None, end: float, locked: bool
    ) -> None:
        """Show the reject limit (on trial or judging) on an axis from 0 to `end`."""
        state = (value, fitted, end, locked)
        if state != (self._value, self._fitted, self._end, self._locked):
            self._value, self._fitted, self._end, self._locked = state
            self.setCursor(Qt.CursorShape.ArrowCursor if locked else Qt.CursorShape.SizeHorCursor)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track, the fitted value and the handle."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            p, px = self._palette, self._sizes.px
            middle = px(9)
            painter.fillRect(QRectF(0, middle - px(2), self.width(), px(4)), QColor(p.line))
            if self._fitted is not None:
                x = self._x(self._fitted)
                painter.setPen(QPen(QColor(p.quiet), px(2)))
                painter.drawLine(QPointF(x, middle - px(6)), QPointF(x, middle + px(8)))
                painter.setFont(sized_font(self.font(), pixels=px(11)))
                words = "fitted"
                wide = painter.fontMetrics().horizontalAdvance(words)
                left = min(max(x - wide / 2, 0.0), self.width() - wide)
                painter.drawText(QPointF(left, self.height() - px(2)), words)
            if self._value is None:
                return
            x, side = self._x(self._value), px(8)
            painter.setPen(QPen(QColor(p.text), 1.5))
            painter.setBrush(QColor(p.key_off if self._locked else p.text))
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(x, middle - side),
                        QPointF(x + side, middle),
                        QPointF(x, middle + side),
                        QPointF(x - side, middle),
                    ]
                )
            )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for the value under the pointer."""
        self._ask(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Ask again while dragging."""
        self._ask(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell that the person let go."""
        if not self._locked:
            self.released.emit()

    def _ask(self, event: QMouseEvent) -> None:
        if not self._locked and self._value is not None and self.width() > 0:
            share = min(max(event.position().x() / self.width(), 0.02), 1.0)
            self.value_asked.emit(share * self._end)

    def _x(self, value: float) -> float:
        return min(max(value / self._end, 0.0), 1.0) * self.width()
