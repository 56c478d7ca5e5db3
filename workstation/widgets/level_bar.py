"""A number as a mark on a bar, with the range in which it is as it should be."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.widgets.style import Palette, Sizes

HEIGHT_AT_720 = 20


@dataclass(frozen=True, slots=True)
class Level:
    """What a bar shows; places are shares of its length."""

    place: float | None = None
    """Of the number; None: there is none."""
    good: tuple[float, float] | None = None
    """From where to where it is as it should be; None: nobody knows."""
    best: float | None = None
    """Of the best so far; None: not kept."""
    warned: bool = False
    faulty: bool = False


class LevelBar(QWidget):
    """Paints a `Level`: the good range lighter, the mark amber when warned, white when faulty."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self.level = Level()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self.setFixedHeight(sizes.px(HEIGHT_AT_720))

    def show_level(self, level: Level) -> None:
        """Show something else."""
        if level != self.level:
            self.level = level
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, good range, the best so far, and the mark."""
        with QPainter(self) as painter:
            px, p, level = self._sizes.px, self._palette, self.level
            bar = QRectF(self.rect()).adjusted(px(5), px(4), -px(5), -px(4))
            painter.fillRect(bar, QColor(p.picture_ground))
            if level.good is not None:
                low, high = (bar.left() + place * bar.width() for place in level.good)
                painter.fillRect(QRectF(low, bar.top(), high - low, bar.height()), QColor(p.line))
                middle = round((low + high) / 2)
                painter.setPen(QPen(QColor(p.quiet), 1))
                painter.drawLine(middle, round(bar.top()), middle, round(bar.bottom()))
            painter.setPen(QPen(QColor(p.line), 1))
            painter.drawRect(bar)
            if level.best is not None:
                best = bar.left() + level.best * bar.width()
                painter.setPen(QPen(QColor(p.text), 1))
                painter.drawLine(QPointF(best, bar.top() - 3), QPointF(best, bar.bottom() + 3))
            if level.place is not None:
                self._paint_mark(painter, bar, bar.left() + level.place * bar.width())

    def _paint_mark(self, painter: QPainter, bar: QRectF, at: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half, p = self._sizes.px(7 if self.level.faulty else 5), self._palette
        top, bottom, middle = bar.top() - half * 0.8, bar.bottom() + half * 0.8, bar.center().y()
        mark = QPolygonF([QPointF(at, top), QPointF(at + half, middle), QPointF(at, bottom),
                          QPointF(at - half, middle)])  # fmt: skip
        ground = p.fault_light if self.level.faulty else p.review if self.level.warned else p.text
        painter.setPen(QPen(QColor(p.fault_dark), 1))
        painter.setBrush(QColor(ground))
        painter.drawPolygon(mark)
