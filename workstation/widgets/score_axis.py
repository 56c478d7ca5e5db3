"""The score against the review limit and the reject limit, on one axis."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.types import Limits
from workstation.widgets.lettering import sized_font
from workstation.widgets.style import Palette, Sizes

HEADROOM = 1.8
"""The axis ends at this many times the reject limit: the limits stand just right of its middle."""


def axis_end(*reject_limits: float) -> float:
    """Give the value at the right end of the axis, so that each limit given lies on it."""
    return HEADROOM * max((limit for limit in reject_limits if limit > 0), default=1.0)


def number_words(value: float) -> str:
    """Write a score with three figures that count: 4.31, 43.1, 431, 0.0431."""
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"


class ScoreAxis(QWidget):
    """Shows a score and the limits that judged it; without a score, the limits alone."""

    HEIGHT_AT_720 = 78

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._score: float | None = None
        self._limits: Limits | None = None
        self._end = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self.setFixedHeight(sizes.px(self.HEIGHT_AT_720))

    def sizeHint(self) -> QSize:
        """Ask for the fixed height."""
        return QSize(self._sizes.px(250), self._sizes.px(self.HEIGHT_AT_720))

    def show_score(self, score: float | None, limits: Limits | None, *, end: float) -> None:
        """Show a score on an axis from 0 to `end`."""
        if (score, limits, end) != (self._score, self._limits, self._end):
            self._score, self._limits, self._end = score, limits, end
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the number, the axis in its three stretches, and the limits' words."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            p, px = self._palette, self._sizes.px
            title = QRectF(0, 0, self.width(), px(28))
            painter.setPen(QColor(p.quiet))
            painter.setFont(sized_font(self.font(), pixels=px(13)))
            painter.drawText(
                title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "score"
            )
            painter.setPen(QColor(p.text))
            painter.setFont(sized_font(self.font(), pixels=px(24), bold=True))
            shown = "–" if self._score is None else number_words(self._score)
            painter.drawText(title, Qt.AlignmentFlag.AlignCenter, shown)
            band = QRectF(0, px(40), self.width(), px(12))
            painter.fillRect(band, QColor(p.key))
            if self._limits is None:
                return
            t1, t2 = self._x(self._limits.t1), self._x(self._limits.t2)
            painter.fillRect(QRectF(t1, band.top(), t2 - t1, band.height()), QColor(p.review))
            painter.fillRect(QRectF(t2, band.top(), band.right() - t2, band.height()), QColor(p.ng))
            painter.setPen(QPen(QColor(p.text), px(2)))
            for x in (t1, t2):
                painter.drawLine(QPointF(x, band.top() - px(3)), QPointF(x, band.bottom() + px(4)))
            self._paint_words(painter, t1, t2, top=band.bottom() + px(4))
            if self._score is not None:
                self._paint_pointer(painter, band)

    def _x(self, value: float) -> float:
        return min(max(value / self._end, 0.0), 1.0) * self.width()

    def _paint_words(self, painter: QPainter, t1: float, t2: float, *, top: float) -> None:
        assert self._limits is not None
        gap, high = self._sizes.px(4), self._sizes.px(18)
        painter.setFont(sized_font(self.font(), pixels=self._sizes.px(12)))
        metrics = painter.fontMetrics()
        review = f"review limit {number_words(self._limits.t1)}"
        reject = f"reject limit {number_words(self._limits.t2)}"
        wide_left, wide_right = metrics.horizontalAdvance(review), metrics.horizontalAdvance(reject)
        left = min(max(t1 - gap - wide_left, 0.0), self.width() - wide_left - wide_right - 3 * gap)
        right = max(min(t2 + gap, self.width() - wide_right), left + wide_left + 2 * gap)
        painter.setPen(QColor(self._palette.text))
        painter.drawText(QPointF(left, top + high * 0.8), review)
        painter.drawText(QPointF(right, top + high * 0.8), reject)

    def _paint_pointer(self, painter: QPainter, band: QRectF) -> None:
        assert self._score is not None
        x, side = self._x(self._score), self._sizes.px(8)
        painter.setPen(QPen(QColor(self._palette.fault_dark), 1))
        painter.setBrush(QColor(self._palette.fault_light))
        tip = band.center().y() + side * 0.3
        if self._score > self._end:
            # Beyond the axis: the pointer turns to the right, the number above says how far.
            y = band.center().y()
            corners = [
                QPointF(x - 2, y),
                QPointF(x - 2 * side, y - side),
                QPointF(x - 2 * side, y + side),
            ]
        else:
            x = min(max(x, side), self.width() - side)
            above = band.top() - side
            corners = [QPointF(x, tip), QPointF(x - side, above), QPointF(x + side, above)]
        painter.drawPolygon(QPolygonF(corners))
