"""A number that two keys move along a few sensible steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workstation.widgets.big_key import BigKey
from workstation.widgets.style import Palette, Sizes

HEIGHT_AT_720 = 34


class Stepper(QWidget):
    """Shows a value between a key down and a key up; a value between two steps may stand there.

    Signals
    -------
    stepped
        The value after a person pressed a key.
    """

    stepped = Signal(float)

    def __init__(
        self,
        palette: Palette,
        *,
        steps: Sequence[float],
        shown: Callable[[float], str],
        parent: QWidget | None = None,
    ) -> None:
        """Make a stepper.

        Parameters
        ----------
        palette
            Colours.
        steps
            Rising or falling: the key up goes towards the last.
        shown
            A value in words.
        """
        super().__init__(parent)
        self._steps = tuple(steps)
        self._rising = steps[-1] > steps[0]
        self._shown = shown
        self._value = steps[0]
        self.down = BigKey("−", shortcut="", palette=palette, tip="one step down")
        self.up = BigKey("+", shortcut="", palette=palette, tip="one step up")
        self._words = QLabel()
        self._words.setProperty("tone", "strong")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.down)
        self._row.addWidget(self._words, 1)
        self._row.addWidget(self.up)
        self.down.clicked.connect(self._step_down)
        self.up.clicked.connect(self._step_up)
        self.set_value(self._value)

    @property
    def value(self) -> float:
        """What is shown."""
        return self._value

    @property
    def words(self) -> str:
        """What is shown, in words."""
        return self._words.text()

    def set_value(self, value: float) -> None:
        """Show a value, without telling."""
        self._value = value
        self._words.setText(self._shown(value))
        self.down.setEnabled(bool(self._on_side(-1)))
        self.up.setEnabled(bool(self._on_side(1)))

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._row.setSpacing(sizes.px(4))
        for key in (self.down, self.up):
            key.set_sizes(sizes, height_px=sizes.px(HEIGHT_AT_720))
            key.setFixedWidth(sizes.px(64))

    def _on_side(self, side: int) -> list[float]:
        """Give the steps below (-1) or above (1) the value, the nearest first."""
        larger = (side > 0) == self._rising
        beyond = [s for s in self._steps if (s > self._value if larger else s < self._value)]
        return sorted(beyond, reverse=not larger)

    @Slot()
    def _step_down(self) -> None:
        self._step(-1)

    @Slot()
    def _step_up(self) -> None:
        self._step(1)

    def _step(self, side: int) -> None:
        steps = self._on_side(side)
        if steps:
            self.set_value(steps[0])
            self.stepped.emit(steps[0])
