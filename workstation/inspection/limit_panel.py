"""The score against its limits, and the reject limit's slider on the same axis."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workstation.inspection.controller import InspectController
from workstation.inspection.keyboard import Action, shown_key
from workstation.inspection.line import Line
from workstation.widgets.big_key import BigKey
from workstation.widgets.limit_slider import LimitSlider
from workstation.widgets.score_axis import ScoreAxis, axis_end
from workstation.widgets.style import Palette, Sizes


class LimitPanel(QFrame):
    """Shows the score of the live part, as the banner does; moves nothing while locked."""

    def __init__(
        self, controller: InspectController, palette: Palette, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._controller = controller
        self.axis = ScoreAxis(palette)
        self.slider = LimitSlider(palette)
        self.slider.value_asked.connect(controller.limit.move)
        self._down = BigKey("", shortcut="−", palette=palette, tip="reject limit 1 % down")
        self._up = BigKey("", shortcut="+", palette=palette, tip="reject limit 1 % up")
        for key in (self._down, self._up):
            key.setAutoRepeat(True)
        self._down.clicked.connect(self._step_down)
        self._up.clicked.connect(self._step_up)
        self.unlock = BigKey("unlock limit", shortcut=shown_key(Action.UNLOCK), palette=palette)
        self.unlock.clicked.connect(controller.limit.unlock)
        self._keys = QHBoxLayout()
        self._keys.addWidget(self._down, 1)
        self._keys.addWidget(self.unlock, 3)
        self._keys.addWidget(self._up, 1)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.axis)
        self._column.addWidget(self.slider)
        self._column.addLayout(self._keys)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        pad = sizes.px(6)
        self._column.setContentsMargins(pad, sizes.px(3), pad, pad)
        self._column.setSpacing(sizes.px(2))
        self._keys.setSpacing(sizes.gap_px)
        for part in (self.axis, self.slider):
            part.set_sizes(sizes)
        for key in (self._down, self.unlock, self._up):
            key.set_sizes(sizes, height_px=sizes.px(40))
            key.setMinimumWidth(sizes.px(40))

    def show_line(self, line: Line) -> None:
        """Take over score, limits and lock."""
        limit, part = line.limit, line.live
        judging = limit.limits
        limits = part.limits if part is not None and part.limits is not None else judging
        trial = limit.trial
        end = axis_end(
            *(each.t2 for each in (limits, judging) if each is not None), limit.fitted_t2 or 0.0
        )
        score = None if part is None else part.score
        self.axis.show_score(score, limits, end=end)
        value = trial.t2 if trial is not None else judging.t2 if judging is not None else None
        self.slider.show_limit(value, fitted=limit.fitted_t2, end=end, locked=limit.locked)
        locked = limit.locked
        self._down.setEnabled(not locked)
        self._up.setEnabled(not locked)
        self.unlock.setEnabled(judging is not None)
        words = "unlock limit" if locked else f"locks in {limit.seconds_left:.0f} s"
        if self.unlock.text() != words:
            self.unlock.setText(words)

    def _step_down(self) -> None:
        self._controller.limit.step(-1)

    def _step_up(self) -> None:
        self._controller.limit.step(1)
