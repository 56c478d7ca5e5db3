"""Messages that slide in at the top and wait until somebody has seen them; never a modal box."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPropertyAnimation, QRect, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from workstation.widgets.big_key import BigKey
from workstation.widgets.messages import Message, MessageQueue
from workstation.widgets.style import Palette, Sizes

SLIDE_MS = 160


class MessageBar(QFrame):
    """Shows the newest message of a queue over the top edge of its parent.

    Signals
    -------
    acknowledged
        Somebody pressed the key "seen".
    """

    acknowledged = Signal()
    HEIGHT_AT_720 = 54

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setProperty("panel", "true")
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._mark = QLabel("!")
        self._mark.setProperty("tone", "bad")
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._more = QLabel()
        self._more.setProperty("tone", "quiet")
        self._key = BigKey("seen", shortcut="M", palette=palette, tip="Take this message away")
        self._key.clicked.connect(self.acknowledged)
        row = QHBoxLayout(self)
        row.addWidget(self._mark)
        row.addWidget(self._words, 1)
        row.addWidget(self._more)
        row.addWidget(self._key)
        self._slide = QPropertyAnimation(self, b"geometry", self)
        self._slide.setDuration(SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._shown: tuple[Message | None, int, int] = (None, 0, 0)
        self.hide()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        pad = sizes.px(4)
        self.layout().setContentsMargins(2 * pad, pad, pad, pad)  # type: ignore[union-attr]
        self._key.set_sizes(sizes, height_px=sizes.px(40))
        self._key.setFixedWidth(sizes.key_px)
        self.place()

    def show_queue(self, queue: MessageQueue) -> None:
        """Show the newest message; slide away when none waits."""
        state = (queue.newest, len(queue), queue.dropped)
        if state == self._shown:
            return
        self._shown = state
        message = queue.newest
        if message is None:
            self.hide()
            return
        self._mark.setVisible(message.bad or message.act)
        self._dye(act=message.act)
        times = f"  ({message.times} times)" if message.times > 1 else ""
        self._words.setText(message.words + times)
        others = len(queue) - 1 + queue.dropped
        self._more.setText(f"{others} more" if others else "")
        if self.isHidden():
            self.show()
            self.raise_()
            self._slide_in()

    def _dye(self, *, act: bool) -> None:
        """Be blue where somebody must act."""
        panel = "act" if act else "true"
        if self.property("panel") != panel:
            self.setProperty("panel", panel)
            self._more.setProperty("tone", "strong" if act else "quiet")
            for widget in (self, self._more):
                widget.style().polish(widget)

    def place(self) -> None:
        """Lie along the top edge of the parent; called when the parent changes its size."""
        self._slide.stop()
        self.setGeometry(self._resting())

    def _resting(self) -> QRect:
        return QRect(0, 0, self._over.width(), self._sizes.px(self.HEIGHT_AT_720))

    def _slide_in(self) -> None:
        rest = self._resting()
        self._slide.stop()
        self._slide.setStartValue(rest.translated(0, -rest.height()))
        self._slide.setEndValue(rest)
        self._slide.start()
