"""Under the picture: the keys that run the line and ask for parts, and the last parts."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from workstation.inspection.controller import InspectController
from workstation.inspection.keyboard import Action, shown_key
from workstation.inspection.line import Line
from workstation.inspection.thumbnails import Thumbnails
from workstation.widgets.big_key import BigKey, KeyTone
from workstation.widgets.strip import Strip
from workstation.widgets.style import Palette, Sizes


class BottomRow(QWidget):
    """Start, stop, trigger where the source waits for one, again, and the strip."""

    def __init__(
        self, controller: InspectController, palette: Palette, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.start = BigKey("start", shortcut=shown_key(Action.START), palette=palette)
        self.stop = BigKey("stop", shortcut=shown_key(Action.STOP), palette=palette)
        self.trigger = BigKey("trigger", shortcut=shown_key(Action.TRIGGER), palette=palette)
        self.again = BigKey("again", shortcut=shown_key(Action.AGAIN), palette=palette)
        self.strip = Strip(palette)
        self._thumbnails = Thumbnails()
        self._keys = (self.start, self.stop, self.trigger, self.again)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for key in self._keys:
            self._row.addWidget(key)
        self._row.addWidget(self.strip, 1)
        self.start.clicked.connect(controller.start)
        self.stop.clicked.connect(controller.stop)
        self.trigger.clicked.connect(controller.next_part.trigger)
        self.again.clicked.connect(controller.next_part.again)
        self.strip.pressed.connect(controller.line.look_at)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._row.setSpacing(sizes.px(3))
        self.setFixedHeight(min(sizes.key_px, sizes.px(80)))
        for key in self._keys:
            key.set_sizes(sizes, height_px=self.height())
            key.setFixedWidth(sizes.key_px)
        self.again.setFixedWidth(round(sizes.key_px * 1.2))  # it names a part
        self.strip.set_sizes(sizes)

    def show_line(self, line: Line) -> None:
        """Take over what may be pressed and which parts came last."""
        self.start.setEnabled(line.may_start)
        self.stop.setEnabled(line.may_stop)
        self.trigger.setVisible(line.on_demand)
        self.trigger.setEnabled(line.running)
        self.trigger.set_tone(KeyTone.ACT if line.running else KeyTone.PLAIN)
        self.trigger.setText(_trigger_words(line))
        again = line.again
        self.again.setEnabled(again is not None)
        self.again.setText("again" if again is None else f"again {again.part_id}")
        looking = None if line.looking is None else line.looking.inspection_id
        self.strip.show_thumbnails(self._thumbnails.of(line.recent), chosen=looking)


def _trigger_words(line: Line) -> str:
    """Say how many triggers wait, and how many had to."""
    source = line.source
    if source is None or not (source.waiting or source.late):
        return "trigger"
    late = f", late {source.late}" if source.late else ""
    return f"wait {source.waiting}{late}"
