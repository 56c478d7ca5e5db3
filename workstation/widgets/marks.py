"""The shapes of the verdicts: tick, question mark, cross; hatching for a fault, bars for a stop."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.types import Verdict
from workstation.widgets.style import Palette


class Sign(StrEnum):
    """What a mark says: a verdict, a fault, that nothing is inspected, or nothing yet."""

    OK = "OK"
    REVIEW = "REVIEW"
    NG = "NG"
    FAULT = "FAULT"
    STANDING = "NOT INSPECTING"
    NONE = ""


def sign_of(verdict: Verdict | None) -> Sign:
    """Give the sign of a verdict; None is a fault."""
    return Sign.FAULT if verdict is None else Sign(verdict.value)


def paint_ground(painter: QPainter, rect: QRectF, sign: Sign, palette: Palette) -> None:
    """Fill `rect` with the sign's own ground: grey, amber, striped red, or hatched."""
    flat = {
        Sign.OK: palette.ok_ground,
        Sign.REVIEW: palette.review,
        Sign.NG: palette.ng,
        Sign.FAULT: palette.fault_light,
        Sign.STANDING: palette.picture_ground,
        Sign.NONE: palette.panel,
    }
    painter.fillRect(rect, QColor(flat[sign]))
    if sign is Sign.NG:
        _paint_stripes(painter, rect, QColor(palette.ng_stripe), pitch=rect.height() / 4)
    elif sign is Sign.FAULT:
        edge = rect.height() * 0.16
        for y in (rect.top(), rect.bottom() - edge):
            band = QRectF(rect.left(), y, rect.width(), edge)
            _paint_stripes(painter, band, QColor(palette.fault_dark), pitch=edge * 1.5)
    elif sign is Sign.STANDING:
        wide = rect.height() / 40
        painter.setPen(QPen(QColor(palette.text), wide, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(wide, wide, -wide, -wide))


def paint_mark(painter: QPainter, rect: QRectF, sign: Sign, palette: Palette) -> None:
    """Draw the sign's shape into the largest square in the middle of `rect`."""
    side = min(rect.width(), rect.height())
    square = QRectF(0, 0, side, side)
    square.moveCenter(rect.center())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match sign:
        case Sign.OK:
            painter.setPen(_stroke(palette.ok, side * 0.16))
            painter.drawPolyline(_points(square, (0.15, 0.55), (0.4, 0.8), (0.87, 0.22)))
        case Sign.REVIEW:
            _paint_letter(painter, square, "?", palette.review_text)
        case Sign.NG:
            painter.setPen(_stroke(palette.ng_text, side * 0.18))
            painter.drawPolyline(_points(square, (0.17, 0.17), (0.83, 0.83)))
            painter.drawPolyline(_points(square, (0.83, 0.17), (0.17, 0.83)))
        case Sign.FAULT:
            _paint_letter(painter, square, "!", palette.fault_dark)
        case Sign.STANDING:
            for x in (0.2, 0.58):
                bar = QRectF(
                    square.x() + x * side, square.y() + 0.12 * side, 0.22 * side, 0.76 * side
                )
                painter.fillRect(bar, QColor(palette.text))
        case Sign.NONE:
            pass
    painter.restore()


def paint_badge(painter: QPainter, rect: QRectF, sign: Sign, palette: Palette) -> None:
    """Draw a small mark on its ground, for thumbnails and lists."""
    if sign is Sign.FAULT:
        # Hatching needs room; a small fault is black on white with a black edge.
        painter.fillRect(rect, QColor(palette.fault_light))
        painter.setPen(QPen(QColor(palette.fault_dark), max(1.0, rect.height() / 10)))
        painter.drawRect(rect)
    else:
        paint_ground(painter, rect, sign, palette)
    inset = rect.height() * 0.15
    paint_mark(painter, rect.adjusted(inset, inset, -inset, -inset), sign, palette)


def _stroke(colour: str, width: float) -> QPen:
    return QPen(
        QColor(colour),
        width,
        Qt.PenStyle.SolidLine,
        Qt.PenCapStyle.RoundCap,
        Qt.PenJoinStyle.RoundJoin,
    )


def _points(square: QRectF, *corners: tuple[float, float]) -> QPolygonF:
    side = square.width()
    return QPolygonF([QPointF(square.x() + x * side, square.y() + y * side) for x, y in corners])


def _paint_letter(painter: QPainter, square: QRectF, letter: str, colour: str) -> None:
    font = QFont(painter.font())
    font.setBold(True)
    font.setPixelSize(max(6, round(square.height() * 1.2)))
    painter.setFont(font)
    painter.setPen(QColor(colour))
    # Centred by its ink: line metrics would set a lone sign too low.
    ink = QFontMetricsF(font).tightBoundingRect(letter)
    painter.drawText(square.center() - ink.center(), letter)


def _paint_stripes(painter: QPainter, rect: QRectF, colour: QColor, *, pitch: float) -> None:
    painter.save()
    painter.setClipRect(rect)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(colour))
    height, x = rect.height(), rect.left() - rect.height()
    while x < rect.right():
        corners = ((x, rect.bottom()), (x + height, rect.top()))
        (x0, y0), (x1, y1) = corners
        wide = pitch / 2
        painter.drawPolygon(
            QPolygonF(
                [QPointF(x0, y0), QPointF(x1, y1), QPointF(x1 + wide, y1), QPointF(x0 + wide, y0)]
            )
        )
        x += pitch
    painter.restore()
