"""The bars over the picture: messages, another lot, the reason for a new limit. One at a time."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from workstation.inspection.codes import CodeKind
from workstation.inspection.controller import InspectController
from workstation.inspection.line import Line
from workstation.widgets.ask_bar import AskBar
from workstation.widgets.message_bar import MessageBar
from workstation.widgets.score_axis import number_words
from workstation.widgets.style import Palette, Sizes


class Bars(QObject):
    """A question lies over a message; the message is still there when the question is answered.

    Signals
    -------
    left
        A bar gave the keyboard back.
    """

    left = Signal()

    def __init__(self, controller: InspectController, palette: Palette, over: QWidget) -> None:
        super().__init__(over)
        self._controller = controller
        self.messages = MessageBar(palette, over)
        self.lot = AskBar(palette, keep_words="change lot", needs_text=False, parent=over)
        self.reason = AskBar(palette, keep_words="keep limit", needs_text=True, parent=over)
        self.messages.acknowledged.connect(controller.acknowledge)
        self.lot.kept.connect(self._keep_lot)
        self.lot.undone.connect(self._leave_lot)
        self.lot.line.textChanged.connect(self._ask_about_lot)
        self.reason.kept.connect(self._keep_limit)
        self.reason.undone.connect(controller.limit.undo)
        self.reason.line.textEdited.connect(self._typing_a_reason)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        for bar in (self.messages, self.lot, self.reason):
            bar.set_sizes(sizes)

    def place(self) -> None:
        """Lie along the top of the picture; called when it changes its size."""
        for bar in (self.messages, self.lot, self.reason):
            bar.place()

    def show_line(self, line: Line) -> None:
        """Bring messages and the limit's bar up to date."""
        self.messages.show_queue(line.messages)
        trial, judging = line.limit.trial, line.limit.limits
        if trial is None or judging is None:
            if not self.reason.isHidden():
                self.reason.leave()
                self.left.emit()
            return
        self.reason.set_question(
            f"new reject limit {number_words(trial.t2)}, was {number_words(judging.t2)}  –  reason?"
        )
        if self.reason.isHidden():
            self.reason.ask(hint="why the limit moves; Enter keeps it, Esc undoes", focus=False)

    @Slot()
    def focus_reason(self) -> None:
        """Let the person write the reason for the limit on trial."""
        line = self._controller.line
        if line.limit.trial is not None:
            self.show_line(line)
            self.reason.line.setFocus()

    @Slot()
    def ask_lot(self) -> None:
        """Ask for another lot."""
        hint = "type or scan the new lot; Enter alone ends this one, Esc leaves it"
        self.lot.ask(hint=hint)
        self._ask_about_lot()

    @Slot(str)
    def scanned(self, code: str) -> None:
        """Take a code that was scanned, on whichever page; an open question for a lot hears it."""
        asked = not self.lot.isHidden()
        kind = self._controller.scans.take(code, lot_asked=asked)
        if asked and kind is CodeKind.LOT:
            self._leave_lot()

    @Slot()
    def _ask_about_lot(self) -> None:
        old = self._controller.line.record.lot or "without a name"
        new = self.lot.line.text().strip() or "without a name"
        self.lot.set_question(f"lot {old}  →  {new}")

    @Slot(str)
    def _keep_lot(self, lot: str) -> None:
        self._controller.change_lot(lot)
        self._leave_lot()

    @Slot()
    def _leave_lot(self) -> None:
        self.lot.leave()
        self.left.emit()

    @Slot(str)
    def _keep_limit(self, reason: str) -> None:
        self._controller.limit.keep(reason)
        self.show_line(self._controller.line)

    @Slot()
    def _typing_a_reason(self) -> None:
        self._controller.line.limit.touch()
