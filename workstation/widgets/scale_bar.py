"""The heatmap's colour scale with the pixel limit in its middle."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workstation.widgets.heatmap import colour_table
from workstation.widgets.lettering import sized_font
from workstation.widgets.overlay import OverlaySettings
from workstation.widgets.qimages import picture_image
from workstation.widgets.style import Palette, Sizes


def paint_scale_bar(
    painter: QPainter, view: QRect, settings: OverlaySettings, sizes: Sizes, palette: Palette
) -> None:
    """Paint it upright at the left edge of `view`: 0 at the bottom, the limit in the middle."""
    wide, high, gap = sizes.px(9), sizes.px(120), sizes.px(8)
    bar = QRectF(gap, view.height() - sizes.px(34) - high, wide, high)
    ramp = colour_table(settings.colours)[::-1][:, None]
    painter.drawImage(bar, picture_image(ramp))
    painter.setPen(QPen(QColor(palette.text), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    middle = bar.center().y()
    painter.setPen(QPen(QColor(palette.text), 2))
    painter.drawLine(round(bar.left() - 3), round(middle), round(bar.right() + 4), round(middle))
    painter.setFont(sized_font(painter.font(), pixels=sizes.px(11)))
    line = sizes.px(14)
    for words, y in (("2 × limit", bar.top()), ("pixel limit", middle), ("0", bar.bottom())):
        width = painter.fontMetrics().horizontalAdvance(words) + 6
        label = QRectF(bar.right() + 6, y - line / 2, width, line)
        painter.fillRect(label, QColor(20, 20, 20, 200))
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, words)
