"""The verdict, readable from three metres: shape over word over part, always of the same size."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.widgets.lettering import fitted_font, sized_font
from workstation.widgets.marks import Sign, paint_ground, paint_mark
from workstation.widgets.style import Palette, Sizes


@dataclass(frozen=True, slots=True)
class BannerState:
    """What the banner says."""

    sign: Sign
    word: str
    """One or two words: "NG", "Waiting for parts"."""
    detail: str = ""
    """One line under it, such as the part id."""
    since: str = ""
    """Since when nothing is inspected, such as "since 14:02"; empty while parts are inspected."""
    demo: bool = False
    """The parts are drawn, not real; the banner says so across its top."""


class VerdictBanner(QWidget):
    """Paints a `BannerState`; never changes its size with what it says."""

    HEIGHT_AT_720 = 146

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self.state = BannerState(Sign.NONE, "")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self.setFixedHeight(sizes.px(self.HEIGHT_AT_720))

    def sizeHint(self) -> QSize:
        """Ask for the fixed height."""
        return QSize(self._sizes.px(260), self._sizes.px(self.HEIGHT_AT_720))

    def show_state(self, state: BannerState) -> None:
        """Say something else."""
        if state != self.state:
            self.state = state
            self.setAccessibleName(f"{state.word} {state.since} {state.detail}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, shape, word and detail."""
        with QPainter(self) as painter:
            sign, box = self.state.sign, QRectF(self.rect())
            paint_ground(painter, box, sign, self._palette)
            ink = self._ink()
            pad = self._sizes.px(8)
            line = self._sizes.px(20)
            top = box.top() + (self._sizes.px(24) if sign is Sign.FAULT else pad)
            if self.state.demo:
                top = self._paint_demo_band(painter, box)
            bottom = box.bottom() - (self._sizes.px(24) if sign is Sign.FAULT else pad / 2)
            inner = QRectF(box.left() + pad, top, box.width() - 2 * pad, bottom - top)

            painter.setPen(QColor(ink))
            detail = QRectF(inner.left(), inner.bottom() - line, inner.width(), line)
            self._paint_words(painter, detail, self.state.detail, height=line * 0.86)
            body = inner.adjusted(0, 0, 0, -line)
            if self.state.since:
                self._paint_standing(painter, body)
            else:
                self._paint_verdict(painter, body)
            painter.setPen(QPen(QColor(self._palette.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if sign is not Sign.STANDING:
                painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_verdict(self, painter: QPainter, body: QRectF) -> None:
        sign = self.state.sign
        if sign in (Sign.OK, Sign.NG):
            # Two letters leave room for the shape beside them; both then are as high as the banner.
            shape = QRectF(body.left(), body.top(), body.width() * 0.4, body.height())
            word = QRectF(shape.right(), body.top(), body.width() * 0.56, body.height())
            inset = body.height() * 0.1
            paint_mark(painter, shape.adjusted(0, inset, 0, -inset), sign, self._palette)
        elif sign in (Sign.REVIEW, Sign.FAULT):
            shape = QRectF(body.left(), body.top(), body.width(), body.height() * 0.46)
            word = QRectF(body.left(), shape.bottom(), body.width(), body.height() * 0.54)
            paint_mark(painter, shape, sign, self._palette)
        else:
            word = body
        high = word.height() if sign is not Sign.NONE else self._sizes.px(44)
        self._paint_words(painter, word, self.state.word, height=high)

    def _paint_standing(self, painter: QPainter, body: QRectF) -> None:
        """Paint that nothing is inspected, and since when beside the shape."""
        upper = QRectF(body.left(), body.top(), body.width(), body.height() * 0.46)
        self._paint_words(painter, upper, self.state.word, height=upper.height())
        lower = QRectF(body.left(), upper.bottom(), body.width(), body.height() * 0.54)
        shape = QRectF(lower.left(), lower.top(), lower.width() * 0.2, lower.height())
        inset = lower.height() * 0.1
        sign = self.state.sign
        paint_mark(painter, shape.adjusted(0, inset, 0, -inset), sign, self._palette)
        beside = QRectF(shape.right(), lower.top(), lower.width() * 0.8, lower.height())
        self._paint_words(painter, beside, self.state.since, height=lower.height() * 0.8)

    def _paint_words(self, painter: QPainter, box: QRectF, words: str, *, height: float) -> None:
        painter.setFont(
            fitted_font(self.font(), words, width=box.width(), height=height, bold=True)
        )
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _ink(self) -> str:
        return {
            Sign.REVIEW: self._palette.review_text,
            Sign.NG: self._palette.ng_text,
            Sign.FAULT: self._palette.fault_dark,
        }.get(self.state.sign, self._palette.text)

    def _paint_demo_band(self, painter: QPainter, box: QRectF) -> float:
        band = QRectF(box.left(), box.top(), box.width(), self._sizes.px(20))
        painter.fillRect(band, QColor(self._palette.picture_ground))
        painter.setPen(QColor(self._palette.text))
        painter.setFont(sized_font(self.font(), pixels=self._sizes.px(12), bold=True))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, DEMO_WORDS)
        return band.bottom() + self._sizes.px(4)


DEMO_WORDS = "DEMO – NO REAL PARTS"
