"""The live picture with the reference picture's outline over it; asks for the next one itself."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from engine.recipe import Roi
from engine.types import Image
from workstation.widgets.image_view import ImageView
from workstation.widgets.overlay import ShownPart
from workstation.widgets.qimages import heat_image
from workstation.widgets.style import Palette

PREVIEW_MS = 200
"""From one picture to the next while the line stands."""
SELDOM_MS = 500
"""While the line runs, whose parts come first; and while there is no picture."""


class LiveView(ImageView):
    """Asks for a picture only after the last one was painted, and none while it is hidden.

    Signals
    -------
    wanted
        The next picture, to be answered by `show_picture`.
    painted
        A new picture is on the screen: now is the time to measure it.
    went_dark
        The source shows nothing any more.
    """

    wanted = Signal()
    painted = Signal()
    went_dark = Signal()

    def __init__(
        self,
        palette: Palette,
        *,
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(palette, parent=parent)
        self._clock = clock
        self.seldom = False
        """Ask twice a second only: the line runs."""
        self.image: Image | None = None
        """The newest picture, (H, W, 3) uint8 RGB."""
        self._roi: Roi | None = None
        self._outline: QImage | None = None
        self._asked_at = 0.0
        self._answer_due = False
        self._unpainted = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._ask)

    @property
    def has_outline(self) -> bool:
        """True while an outline lies over the picture."""
        return self._outline is not None

    @Slot(object)
    def show_picture(self, image: Image | None) -> None:
        """Take the answer; None: the source shows nothing."""
        self._answer_due = False
        if not self.isVisible():
            return
        had_one, self.image = self.image is not None, image
        if image is None:
            self._wait(SELDOM_MS)
            if had_one:
                self.went_dark.emit()
            return
        self._unpainted = True
        self._show()

    def show_roi(self, roi: Roi | None) -> None:
        """Dim what is not inspected; in pixels of the picture, None: all is."""
        if roi != self._roi:
            self._roi = roi
            self._show()

    def show_outline(self, outline: NDArray[np.uint8] | None) -> None:
        """Lay lines over the inspected rectangle, (N, N, 4) as `outline_of` gives them."""
        self._outline = None if outline is None else heat_image(outline)
        self.update()

    def drop_picture(self, words: str) -> None:
        """Show no picture; the source's own sentence stands elsewhere."""
        self.image = None
        self.show_words(words, "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture and the outline, then think of the next one."""
        super().paintEvent(event)
        if self.part is not None and self._outline is not None:
            whole, share = self._placed(), self.part.roi_share()
            with QPainter(self) as painter:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                target = QRectF(
                    whole.left() + share.left() * whole.width(),
                    whole.top() + share.top() * whole.height(),
                    share.width() * whole.width(),
                    share.height() * whole.height(),
                )
                painter.drawImage(target, self._outline, QRectF(self._outline.rect()))
        if self._unpainted:
            self._unpainted = False
            self._wait(SELDOM_MS if self.seldom else PREVIEW_MS)
            QTimer.singleShot(0, self, self.painted.emit)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to ask; an answer that is still due is waited for."""
        super().showEvent(event)
        self._wait(0)

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask no more."""
        super().hideEvent(event)
        self._pause.stop()

    def _show(self) -> None:
        if self.image is None:
            return
        high, wide = self.image.shape[:2]
        whole = self._roi == Roi(x=0, y=0, width=wide, height=high)
        self.show_part(
            ShownPart(
                picture=self.image,
                source_width=wide,
                source_height=high,
                shown_map=None,
                pixel_limit=1.0,
                roi=None if whole else self._roi,
                caption=f"{wide} × {high} pixels",
            )
        )

    def _wait(self, least_ms: int) -> None:
        since_ms = (self._clock() - self._asked_at) * 1e3
        self._pause.start(max(0, round(least_ms - since_ms)))

    @Slot()
    def _ask(self) -> None:
        if self._answer_due or not self.isVisible():
            return
        self._answer_due = True
        self._asked_at = self._clock()
        self.wanted.emit()
