"""A picture with what was found on it: heat, outlines, zoom; or words where there is none yet."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.widgets.lettering import fitted_font, sized_font
from workstation.widgets.overlay import Overlay, OverlaySettings, ShownPart
from workstation.widgets.qimages import picture_image, scaled
from workstation.widgets.scale_bar import paint_scale_bar
from workstation.widgets.style import Palette, Sizes
from workstation.widgets.zoom import Zoom


class ImageView(QWidget):
    """Shows one `ShownPart`. Wheel zooms about the pointer, dragging moves, `fit` shows it whole.

    Signals
    -------
    pressed
        A click that was no drag.
    """

    pressed = Signal()

    def __init__(
        self, palette: Palette, *, plain: bool = False, parent: QWidget | None = None
    ) -> None:
        """Make an empty view; a `plain` one has no zoom, caption or scale (a small pane)."""
        super().__init__(parent)
        self._palette = palette
        self._plain = plain
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._part: ShownPart | None = None
        self._settings = OverlaySettings()
        self._trial: float | None = None
        self._overlay: Overlay | None = None
        self._bands: tuple[str, ...] = ()
        self._words = ("", "")
        self._zoom = Zoom()
        self._free_right = 0
        self._drag: QPointF | None = None
        self._dragged = False
        self._scaled: tuple[tuple[object, ...], QImage] | None = None
        self._painted: tuple[tuple[object, ...], QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def part(self) -> ShownPart | None:
        """What is shown."""
        return self._part

    @property
    def bands(self) -> tuple[str, ...]:
        """The lines along the bottom, the lowest first."""
        return self._bands

    @property
    def zoom_factor(self) -> float:
        """1 where the whole picture is shown."""
        return self._zoom.factor

    def set_sizes(self, sizes: Sizes, *, free_right: int = 0) -> None:
        """Follow the window's size; keep `free_right` pixels clear where the picture allows it."""
        self._sizes, self._free_right = sizes, free_right
        self.update()

    def show_part(self, part: ShownPart) -> None:
        """Show another part; zoom and place stay, so that one spot can be watched."""
        self._part = part
        self._overlay = None
        self.update()

    def show_words(self, title: str, sentence: str) -> None:
        """Say why there is no picture, and what will happen or what to do."""
        if self._part is None and self._words == (title, sentence):
            return
        self._part = self._overlay = self._scaled = self._painted = None
        self._words = (title, sentence)
        self._zoom = Zoom()
        self.update()

    def set_overlay(self, settings: OverlaySettings) -> None:
        """Choose what is laid over the picture."""
        if settings != self._settings:
            self._settings, self._overlay = settings, None
            self.update()

    def set_trial(self, pixel_limit: float | None) -> None:
        """Colour by a limit on trial; None: by the limit that judged."""
        if pixel_limit != self._trial:
            self._trial, self._overlay = pixel_limit, None
            self.update()

    def set_bands(self, *words: str) -> None:
        """Write lines along the bottom of the picture, the first one lowest: DEMO, TRIAL."""
        if words != self._bands:
            self._bands = words
            self.update()

    def fit(self) -> None:
        """Show the whole picture."""
        self._zoom = Zoom()
        self.update()

    def zoom_by(self, factor: float, *, about: QPointF | None = None) -> None:
        """Zoom about a point of the view; its middle when none is given."""
        if self._part is not None and not self._plain:
            view = QRectF(self.rect())
            self._zoom = self._zoom.scaled(
                factor, about=about or view.center(), picture=self._placed(), view=view
            )
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint picture, overlay, bands, caption and scale; or the words."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._palette.picture_ground))
            beside = QRectF()
            if self._part is None:
                self._paint_words(painter)
            else:
                painter.drawPixmap(0, 0, self._laid(self._part))
                if not self._plain:
                    beside = self._paint_caption(painter, self._part)
                    if self._settings.heat and self._part.shown_map is not None:
                        paint_scale_bar(
                            painter, self.rect(), self._settings, self._sizes, self._palette
                        )
            self._paint_bands(painter, beside)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        self.zoom_by(1.0015 ** event.angleDelta().y(), about=event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to move the picture, or a click."""
        self._drag, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move a zoomed picture."""
        if self._drag is None:
            return
        by = event.position() - self._drag
        if not self._dragged and by.manhattanLength() < 6:
            return
        self._dragged = True
        self._drag = event.position()
        if self._part is not None and self._zoom.factor > 1:
            self._zoom = self._zoom.moved(by, picture=self._placed())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a move, or tell of a click."""
        if self._drag is not None and not self._dragged:
            self.pressed.emit()
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole picture again."""
        self.fit()

    def _placed(self) -> QRectF:
        assert self._part is not None
        return self._zoom.placed(
            QRectF(self.rect()),
            aspect=self._part.source_width / self._part.source_height,
            free_right=self._free_right,
        )

    def _laid(self, part: ShownPart) -> QPixmap:
        """Give the picture with its overlay as it fills the view.

        Painted once: bands, bars and messages come and go over it, and each repaints the view.
        """
        if self._overlay is None:
            self._overlay = Overlay(part, self._settings, trial_limit=self._trial)
        placed, ratio = self._placed(), self.devicePixelRatioF()
        key = (part, self._overlay, placed, self.size(), ratio)
        if self._painted is None or self._painted[0] != key:
            pixmap, self._painted = self._canvas(ratio), None
            pixmap.fill(QColor(self._palette.picture_ground))
            with QPainter(pixmap) as painter:
                self._paint_picture(painter, part, placed)
                self._overlay.paint(painter, placed)
            self._painted = (key, pixmap)
        return self._painted[1]

    def _canvas(self, ratio: float) -> QPixmap:
        """Give memory to paint in: the last one's where the size is the same, for new is slow."""
        size = self.size() * ratio
        if self._painted is not None and self._painted[1].size() == size:
            return self._painted[1]
        pixmap = QPixmap(size)
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _paint_picture(self, painter: QPainter, part: ShownPart, placed: QRectF) -> None:
        seen = placed.intersected(QRectF(self.rect()))
        if seen.isEmpty():
            return
        high, wide = part.picture.shape[:2]
        x0 = int((seen.left() - placed.left()) / placed.width() * wide)
        y0 = int((seen.top() - placed.top()) / placed.height() * high)
        x1 = min(wide, int(np.ceil((seen.right() - placed.left()) / placed.width() * wide)))
        y1 = min(high, int(np.ceil((seen.bottom() - placed.top()) / placed.height() * high)))
        if x1 <= x0 or y1 <= y0:
            return
        target = QRectF(
            placed.left() + x0 / wide * placed.width(),
            placed.top() + y0 / high * placed.height(),
            (x1 - x0) / wide * placed.width(),
            (y1 - y0) / high * placed.height(),
        )
        ratio = self.devicePixelRatioF()
        size = (max(1, round(target.width() * ratio)), max(1, round(target.height() * ratio)))
        key = (part, x0, y0, x1, y1, size)
        if self._scaled is None or self._scaled[0] != key:
            # Scaling once with cv2 is far cheaper than scaling at every repaint with QPainter.
            crop = part.picture[y0:y1, x0:x1]
            self._scaled = (key, picture_image(scaled(crop, width=size[0], height=size[1])))
        painter.drawImage(target, self._scaled[1])

    def _paint_words(self, painter: QPainter) -> None:
        title, sentence = self._words
        width = self.width() * (0.92 if self._plain else 0.7)
        left = (self.width() - width) / 2
        big = self._sizes.px(14 if self._plain else 34)
        small = self._sizes.px(12 if self._plain else 16)
        middle = self.height() * (0.4 if self._plain else 0.42)
        painter.setPen(QColor(self._palette.text))
        painter.setFont(fitted_font(self.font(), title, width=width, height=big, bold=True))
        painter.drawText(
            QRectF(left, middle - big * 1.3, width, big * 1.3), Qt.AlignmentFlag.AlignCenter, title
        )
        painter.setPen(QColor(self._palette.quiet))
        painter.setFont(sized_font(self.font(), pixels=small))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(left, middle + small * 0.4, width, self.height()), flags, sentence)

    def _paint_bands(self, painter: QPainter, beside: QRectF) -> None:
        """Write along the bottom, over the caption `beside` which they must not hide."""
        # At the bottom: bars slide in at the top and must not hide a trial or a demo.
        line, floor = self._sizes.px(16 if self._plain else 26), float(self.height())
        painter.setFont(sized_font(self.font(), pixels=line * 0.6, bold=True))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = QRectF(0, 0, self.width() - 2 * line - self._free_right, self.height())
        for words in self._bands:
            needed = painter.boundingRect(room, flags, words)
            wide, high = needed.width() + line, needed.height() + line * 0.3
            left = max(min((self.width() - wide) / 2, self.width() - self._free_right - wide), 0)
            if floor == self.height() and left < beside.right():
                floor = beside.top()
            band = QRectF(left, floor - high, wide, high)
            floor -= high
            painter.fillRect(band, QColor(self._palette.picture_ground))
            painter.setPen(QColor(self._palette.text))
            painter.drawRect(band.adjusted(0.5, 0.5, -0.5, -0.5))
            painter.drawText(band, flags, words)

    def _paint_caption(self, painter: QPainter, part: ShownPart) -> QRectF:
        """Write the caption into its corner and give the place it takes."""
        if not part.caption:
            return QRectF()
        high = self._sizes.px(20)
        painter.setFont(sized_font(self.font(), pixels=high * 0.62))
        # The lines along the bottom stand in the middle; the caption keeps to its corner.
        caption = painter.fontMetrics().elidedText(
            part.caption, Qt.TextElideMode.ElideMiddle, round(self.width() * 0.3)
        )
        width = painter.fontMetrics().horizontalAdvance(caption) + high
        box = QRectF(0, self.height() - high, width, high)
        painter.fillRect(box, QColor(self._palette.picture_ground))
        painter.setPen(QColor(self._palette.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, caption)
        return box
