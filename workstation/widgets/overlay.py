"""What is laid over a picture, ready to paint: heat, outlines, and the dimmed surroundings."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from engine.recipe import Roi
from engine.types import Image, Region, ShownMap
from workstation.widgets.heatmap import HeatColours, coloured, contours
from workstation.widgets.qimages import heat_image


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class ShownPart:
    """A picture and what was found on it, as a view needs it."""

    picture: Image
    """(H, W, 3) uint8 RGB; may be smaller than the source picture."""
    source_width: int
    source_height: int
    shown_map: ShownMap | None
    pixel_limit: float
    """The limit that judged it."""
    roi: Roi | None
    """In source pixels; None: the whole picture."""
    regions: tuple[Region, ...] = ()
    """Drawn as boxes where there is no map."""
    caption: str = ""

    def roi_share(self) -> QRectF:
        """Give the inspected rectangle as a share (0 to 1) of the picture."""
        if self.roi is None:
            return QRectF(0, 0, 1, 1)
        wide, high = self.source_width, self.source_height
        return QRectF(
            self.roi.x / wide, self.roi.y / high, self.roi.width / wide, self.roi.height / high
        )


@dataclass(frozen=True, slots=True)
class OverlaySettings:
    """What a person chose to see over the picture."""

    heat: bool = True
    outlines: bool = True
    opacity: float = 0.6
    colours: HeatColours = HeatColours.INFERNO


class Overlay:
    """Colours one part once; painting it again costs no colouring."""

    def __init__(
        self, part: ShownPart, settings: OverlaySettings, *, trial_limit: float | None
    ) -> None:
        limit = part.pixel_limit if trial_limit is None else trial_limit
        self._roi = part.roi_share()
        self._dims = part.roi is not None
        self._dashed = trial_limit is not None
        self.heat: QImage | None = None
        self._outlines: list[QPolygonF] = []
        self._boxes: list[QRectF] = []
        if part.shown_map is None:
            if settings.outlines:
                wide, high = part.source_width, part.source_height
                self._boxes = [
                    QRectF(box.x / wide, box.y / high, box.width / wide, box.height / high)
                    for box in part.regions
                ]
            return
        if settings.heat:
            self.heat = heat_image(
                coloured(
                    part.shown_map,
                    pixel_limit=limit,
                    colours=settings.colours,
                    opacity=settings.opacity,
                )
            )
        if settings.outlines:
            self._outlines = [
                QPolygonF([QPointF(x, y) for x, y in line.tolist()])
                for line in contours(part.shown_map, pixel_limit=limit)
            ]

    def paint(self, painter: QPainter, picture: QRectF) -> None:
        """Paint over the picture that fills the rectangle `picture`."""
        roi = QRectF(
            picture.left() + self._roi.left() * picture.width(),
            picture.top() + self._roi.top() * picture.height(),
            self._roi.width() * picture.width(),
            self._roi.height() * picture.height(),
        )
        if self.heat is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(roi, self.heat, QRectF(self.heat.rect()))
        if self._dims:
            outside = QPainterPath()
            outside.addRect(picture)
            outside.addRect(roi)
            painter.fillPath(outside, QColor(0, 0, 0, 130))
            painter.setPen(QPen(QColor(255, 255, 255, 150), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(roi)
        self._paint_outlines(painter, roi, self._outlines)
        self._paint_outlines(painter, picture, [QPolygonF(box) for box in self._boxes])

    def _paint_outlines(self, painter: QPainter, roi: QRectF, outlines: list[QPolygonF]) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(roi.topLeft())
        painter.scale(roi.width(), roi.height())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        dash = Qt.PenStyle.DashLine if self._dashed else Qt.PenStyle.SolidLine
        # Black under white stands out from any picture and any colour of the scale.
        for colour, width, style in (
            (QColor(0, 0, 0, 200), 3.5, Qt.PenStyle.SolidLine),
            (QColor(255, 255, 255), 1.5, dash),
        ):
            pen = QPen(colour, width, style)
            pen.setCosmetic(True)
            painter.setPen(pen)
            for line in outlines:
                painter.drawPolygon(line)
        painter.restore()
