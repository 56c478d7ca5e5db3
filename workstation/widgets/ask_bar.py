"""A question in a bar over the picture: old → new, one line to type, Enter keeps, Esc undoes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QWidget

from workstation.widgets.big_key import BigKey, KeyTone
from workstation.widgets.style import Palette, Sizes
from workstation.widgets.typed_line import TypedLine


class AskBar(QFrame):
    """Asks for one line of text. It has its own place and never a window of its own.

    Signals
    -------
    kept
        The text, without spaces around it.
    undone
        The person left without keeping.
    """

    kept = Signal(str)
    undone = Signal()
    HEIGHT_AT_720 = 84

    def __init__(
        self, palette: Palette, *, keep_words: str, needs_text: bool, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._over = parent
        self.setProperty("panel", "true")
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._needs_text = needs_text
        self._question = QLabel()
        self._question.setProperty("tone", "strong")
        self._line = TypedLine()
        self._line.setMaxLength(80)
        self._keep = BigKey(keep_words, shortcut="Enter", palette=palette, tone=KeyTone.ACT)
        self._undo = BigKey("undo", shortcut="Esc", palette=palette)
        grid = QGridLayout(self)
        grid.addWidget(self._question, 0, 0)
        grid.addWidget(self._line, 1, 0)
        grid.addWidget(self._keep, 0, 1, 2, 1)
        grid.addWidget(self._undo, 0, 2, 2, 1)
        grid.setColumnStretch(0, 1)
        self._line.returnPressed.connect(self._try_to_keep)
        self._line.textChanged.connect(self._follow_text)
        self._line.left.connect(self.undone)
        self._keep.clicked.connect(self._try_to_keep)
        self._undo.clicked.connect(self.undone)
        self.hide()

    @property
    def line(self) -> QLineEdit:
        """Where the person types."""
        return self._line

    @property
    def question(self) -> str:
        """What is asked."""
        return self._question.text()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        for key in (self._keep, self._undo):
            key.set_sizes(sizes, height_px=sizes.px(70))
            key.setFixedWidth(max(sizes.key_px, sizes.px(84)))
        self.place()

    def ask(self, *, text: str = "", hint: str, focus: bool = True) -> None:
        """Come in with a text to begin with; `hint` stands in the empty line."""
        self._line.setText(text)
        self._line.setPlaceholderText(hint)
        self._line.selectAll()
        self._follow_text()
        self.place()
        self.show()
        self.raise_()
        if focus:
            self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_question(self, words: str) -> None:
        """Say what is asked, such as "lot 4711 → 4712"."""
        self._question.setText(words)

    def leave(self) -> None:
        """Go away; the keyboard returns to the page."""
        if not self.isHidden():
            self._line.clearFocus()
            self.hide()

    def place(self) -> None:
        """Lie along the top edge of the parent; called when the parent changes its size."""
        self.setGeometry(0, 0, self._over.width(), self._sizes.px(self.HEIGHT_AT_720))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Return and letters here: the page's keys must not hear them."""
        event.accept()

    def _follow_text(self) -> None:
        self._keep.setEnabled(bool(self._line.text().strip()) or not self._needs_text)

    def _try_to_keep(self) -> None:
        if self._keep.isEnabled():
            self.kept.emit(self._line.text().strip())
