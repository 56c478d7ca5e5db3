"""The line at one look while another page than the operator's is open: verdict and message."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from workstation.widgets.big_key import BigKey
from workstation.widgets.lettering import fitted_font, sized_font
from workstation.widgets.marks import Sign, paint_badge, paint_ground
from workstation.widgets.messages import MessageQueue
from workstation.widgets.style import Palette, Sizes
from workstation.widgets.verdict_banner import BannerState

HEIGHT_AT_720 = 36
LONGEST_VERDICT = len("REVIEW")


class LineStrip(QFrame):
    """Says in one row what the operator's page says, so that NG and faults are noticed.

    Signals
    -------
    pressed
        The verdict was pressed: the person wants to see the line.
    seen
        The newest message was seen.
    """

    pressed = Signal()
    seen = Signal()

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bottom")
        self.verdict = _SmallBanner(palette)
        self.verdict.pressed.connect(self.pressed)
        self._waiting = QLabel()
        self._waiting.setProperty("tone", "act")
        self._mark = QLabel("!")
        self._mark.setProperty("tone", "bad")
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        # It gives way, so that no verdict is ever cut; the whole sentence is in its tip.
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._more = QLabel()
        self._more.setProperty("tone", "quiet")
        self._seen = BigKey("seen", shortcut="", palette=palette, tip="Take this message away")
        self._seen.clicked.connect(self.seen)
        self._row = QHBoxLayout(self)
        for widget in (self.verdict, self._waiting, self._mark):
            self._row.addWidget(widget)
        self._row.addWidget(self._words, 1)
        self._row.addWidget(self._more)
        self._row.addWidget(self._seen)

    @property
    def message_words(self) -> str:
        """The message that is shown; empty where none waits."""
        return self._words.toolTip()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self.setFixedHeight(sizes.px(HEIGHT_AT_720))
        gap = sizes.px(3)
        self._row.setContentsMargins(0, 0, gap, 0)
        self._row.setSpacing(sizes.px(10))
        self.verdict.set_sizes(sizes)
        self._seen.set_sizes(sizes, height_px=sizes.px(HEIGHT_AT_720 - 6))
        self._seen.setFixedWidth(sizes.px(70))

    def show_line(self, state: BannerState, *, to_judge: int, messages: MessageQueue) -> None:
        """Take over what the operator's page shows now.

        Parameters
        ----------
        state
            What the banner says.
        to_judge
            NG and REVIEW parts on which nobody has said anything.
        messages
            The newest is shown.
        """
        self.verdict.show_state(state)
        self._waiting.setText(f"{to_judge} to judge" if to_judge else "")
        message = messages.newest
        self._mark.setVisible(message is not None and message.bad)
        self._seen.setVisible(message is not None)
        words = "" if message is None else message.words
        if words != self._words.toolTip():
            self._words.setToolTip(words)
        room = self._words.width()
        shown = self._words.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
        if shown != self._words.text():
            self._words.setText(shown)
        others = len(messages) - 1 + messages.dropped
        self._more.setText(f"{others} more" if others > 0 else "")


class _SmallBanner(QWidget):
    """A `BannerState` in one row: mark, word, detail; always of the same size."""

    pressed = Signal()

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self.state = BannerState(Sign.NONE, "")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_sizes(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self.setFixedSize(sizes.px(430), sizes.px(HEIGHT_AT_720))

    def show_state(self, state: BannerState) -> None:
        if state != self.state:
            self.state = state
            said = f"{state.word} {state.detail} {state.since}".rstrip()
            self.setAccessibleName(said)
            self.setToolTip(said)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            state, px, p = self.state, self._sizes.px, self._palette
            box = QRectF(self.rect())
            ink = {Sign.REVIEW: p.review_text, Sign.NG: p.ng_text, Sign.FAULT: p.fault_dark}
            paint_ground(painter, box, state.sign, p)
            left = box.left() + px(8)
            if state.sign is not Sign.NONE:
                side = box.height() * 0.78
                mark = QRectF(left, box.center().y() - side / 2, side, side)
                paint_badge(painter, mark, state.sign, p)
                left = mark.right() + px(8)
            inner = box.adjusted(left, 0, -px(6), 0)
            painter.setPen(QColor(ink.get(state.sign, p.text)))
            # A verdict is read from afar; a long word leaves room for why and since when.
            high = px(19 if len(state.word) <= LONGEST_VERDICT else 15)
            painter.setFont(sized_font(self.font(), pixels=high, bold=True))
            wide = min(
                painter.fontMetrics().horizontalAdvance(state.word), round(inner.width() * 0.5)
            )
            at = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            word = QRectF(inner.left(), inner.top(), wide + 1, inner.height())
            painter.setFont(
                fitted_font(self.font(), state.word, width=wide + 1, height=high * 1.22, bold=True)
            )
            painter.drawText(word, at, state.word)
            detail = inner.adjusted(wide + px(10), 0, 0, 0)
            # When comes before why: it is short, and what is long is cut at its end.
            said = [word for word in ("DEMO" * state.demo, state.since, state.detail) if word]
            painter.setFont(sized_font(self.font(), pixels=px(13), bold=True))
            words = painter.fontMetrics().elidedText(
                " – ".join(said), Qt.TextElideMode.ElideRight, round(detail.width())
            )
            painter.drawText(detail, at, words)
            painter.setPen(QPen(QColor(p.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
