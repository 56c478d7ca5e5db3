"""The last parts as small pictures with their verdicts; a click looks at one again."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.widgets.lettering import sized_font
from workstation.widgets.marks import Sign, paint_badge
from workstation.widgets.style import Palette, Sizes

PLACES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """One small picture of the strip."""

    key: int
    """Id of the inspection in the record; what `pressed` carries."""
    sign: Sign
    words: str
    picture: QImage | None
    """None where no picture was kept."""


class Strip(QWidget):
    """Newest at the left; every place keeps its size from the first part on.

    Signals
    -------
    pressed
        Key of the thumbnail that was clicked.
    """

    pressed = Signal(int)

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._shown: tuple[Thumbnail, ...] = ()
        self._painted: dict[Thumbnail, QPixmap] = {}
        self._chosen: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setToolTip("The last 12 parts: click, or ← →, to look again")

    @property
    def thumbnails(self) -> tuple[Thumbnail, ...]:
        """What is shown, newest first."""
        return self._shown

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self._painted.clear()
        self.update()

    def show_thumbnails(self, newest_first: tuple[Thumbnail, ...], *, chosen: int | None) -> None:
        """Show other parts; the one looked at again has a frame."""
        self._shown, self._chosen = newest_first[:PLACES], chosen
        self.update()

    def place_of(self, index: int) -> QRectF:
        """Give the rectangle of the place `index`, 0 at the left."""
        gap = self._sizes.px(3)
        width = (self.width() - gap * (PLACES - 1)) / PLACES
        return QRectF(index * (width + gap), 0, width, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint every place, taken or not."""
        shown = self._shown
        self._painted = {one: self._painted[one] for one in shown if one in self._painted}
        with QPainter(self) as painter:
            for index in range(PLACES):
                place = self.place_of(index)
                if index >= len(shown):
                    painter.fillRect(place, QColor(self._palette.panel))
                    continue
                painter.drawPixmap(place.topLeft(), self._whole(shown[index], place.size()))
                if shown[index].key == self._chosen:
                    painter.setPen(QPen(QColor(self._palette.text), self._sizes.px(3)))
                    painter.drawRect(place.adjusted(1, 1, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Paint the thumbnails anew in their new size."""
        super().resizeEvent(event)
        self._painted.clear()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell which thumbnail was clicked."""
        for index, thumbnail in enumerate(self._shown):
            if self.place_of(index).contains(event.position()):
                self.pressed.emit(thumbnail.key)

    def _whole(self, thumbnail: Thumbnail, size: QSizeF) -> QPixmap:
        """Give a thumbnail as it stands in its place; painted once, for it moves with each part."""
        known = self._painted.get(thumbnail)
        if known is None:
            scale = self.devicePixelRatioF()
            known = QPixmap((size * scale).toSize().expandedTo(QSize(1, 1)))
            known.setDevicePixelRatio(scale)
            known.fill(QColor(self._palette.panel))
            with QPainter(known) as painter:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                self._paint(painter, QRectF(QPointF(), size), thumbnail)
            self._painted[thumbnail] = known
        return known

    def _paint(self, painter: QPainter, place: QRectF, thumbnail: Thumbnail) -> None:
        line = self._sizes.px(15)
        room = place.adjusted(0, 0, 0, -line)
        if thumbnail.picture is not None:
            side = min(
                room.width() / thumbnail.picture.width(), room.height() / thumbnail.picture.height()
            )
            box = QRectF(0, 0, thumbnail.picture.width() * side, thumbnail.picture.height() * side)
            box.moveCenter(room.center())
            painter.drawImage(box, thumbnail.picture)
        badge = self._sizes.px(20)
        paint_badge(
            painter, QRectF(place.left(), place.top(), badge, badge), thumbnail.sign, self._palette
        )
        painter.setPen(QColor(self._palette.text))
        painter.setFont(sized_font(self.font(), pixels=line * 0.72))
        words = painter.fontMetrics().elidedText(
            thumbnail.words, Qt.TextElideMode.ElideLeft, int(place.width()) - 4
        )
        painter.drawText(
            QRectF(place.left(), place.bottom() - line, place.width(), line),
            Qt.AlignmentFlag.AlignCenter,
            words,
        )
