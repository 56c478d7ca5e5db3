"""The last parts as small pictures with their verdicts; a click looks at one again."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
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
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            for index in range(PLACES):
                place = self.place_of(index)
                painter.fillRect(place, QColor(self._palette.panel))
                if index < len(self._shown):
                    self._paint(painter, place, self._shown[index])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell which thumbnail was clicked."""
        for index, thumbnail in enumerate(self._shown):
            if self.place_of(index).contains(event.position()):
                self.pressed.emit(thumbnail.key)

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
        if thumbnail.key == self._chosen:
            painter.setPen(QPen(QColor(self._palette.text), self._sizes.px(3)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(1, 1, -1, -1))
