"""How far a fit has come: what is happening, how much is done, how long it will take."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QVBoxLayout, QWidget

from engine.types import EngineState, FitStep
from workstation.inspection.line import Line
from workstation.widgets.big_key import BigKey
from workstation.widgets.style import Palette, Sizes

STEPS = 1000


class FitPanel(QFrame):
    """Stands in the middle while nothing can be inspected, in a corner while the line runs on."""

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self._over = parent
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._middle = True
        self._title = QLabel()
        self._title.setProperty("tone", "title")
        self._stage = QLabel()
        self._left = QLabel()
        self._left.setProperty("tone", "quiet")
        for label in (self._title, self._stage, self._left):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setRange(0, STEPS)
        self._bar.setTextVisible(False)
        self.cancel = BigKey("cancel", shortcut="", palette=palette, tip="Drop this fit")
        self._column = QVBoxLayout(self)
        for part in (self._title, self._stage, self._bar, self._left, self.cancel):
            self._column.addWidget(part)
        self._column.setAlignment(self.cancel, Qt.AlignmentFlag.AlignHCenter)
        self.hide()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        pad = sizes.px(14)
        self._column.setContentsMargins(pad, pad, pad, pad)
        self._column.setSpacing(sizes.px(7))
        self._bar.setFixedHeight(sizes.px(18))
        self.cancel.set_sizes(sizes, height_px=sizes.px(44))
        self.cancel.setFixedWidth(max(sizes.key_px, sizes.px(120)))
        self.place()

    def show_line(self, line: Line) -> None:
        """Take over the newest step; hide when nothing is fitted."""
        step = line.fit
        if step is None:
            self.hide()
            return
        self._middle = line.state is not EngineState.CONTINUOUS_EXECUTION
        self._title.setText("Learning what good parts look like")
        self._stage.setText(step.stage)
        self._bar.setValue(round(STEPS * step.fraction))
        self._left.setText(_time_words(step, starts_line=self._middle))
        if self.isHidden():
            self.show()
            self.place()

    def place(self) -> None:
        """Stand over the picture; called when it changes its size."""
        width = self._sizes.px(470 if self._middle else 330)
        self.setFixedWidth(width)
        height = max(self.sizeHint().height(), self._sizes.px(190))
        self.resize(width, height)
        if self._middle:
            self.move((self._over.width() - width) // 2, (self._over.height() - height) // 2)
        else:
            gap = self._sizes.px(8)
            # Clear of the lines along the bottom of the picture.
            self.move(gap, self._over.height() - height - self._sizes.px(90))


def _time_words(step: FitStep, *, starts_line: bool) -> str:
    then = "; then the line starts by itself" if starts_line else "; the line runs on meanwhile"
    if step.seconds_left is None:
        return f"{step.fraction:.0%} done{then}."
    if step.seconds_left < 90:
        return f"About {max(step.seconds_left, 1):.0f} s left{then}."
    return f"About {step.seconds_left / 60:.0f} min left{then}."
