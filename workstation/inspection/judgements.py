"""What a person says of a part: the commands behind the three keys, and undo."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from workstation.inspection.line import Line
from workstation.records.words import FeedbackVerdict, Outcome


class Judgements(QObject):
    """Writes down what is said of the part in the pane; refused keys get a word as an answer."""

    def __init__(self, line: Line, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = line

    def judge(self, verdict: FeedbackVerdict) -> None:
        """Write down what the person says of the part in the pane."""
        line, desk = self._line, self._line.judging
        part = desk.held
        if part is None:
            line.note("No part waits to be judged.")
        elif desk.guarded:
            line.note("Another part has just come: look, then press again.")
        else:
            given = line.asked(lambda: line.record.give_feedback(part.inspection_id, verdict))
            if given is not None:
                desk.judged(verdict, feedback_id=given)
                line.recount()

    @Slot()
    def undo(self) -> None:
        """Withdraw the last judgement, within ten seconds."""
        line, desk = self._line, self._line.judging
        last = desk.undoable
        if last is None:
            line.note("Nothing to undo: a judgement can be undone for 10 seconds.")
        elif line.asked(lambda: line.record.withdraw_feedback(last.feedback_id)) is not None:
            desk.undone()
            line.recount()

    @Slot()
    def choose_shown(self) -> None:
        """Take the part that is looked at into the pane, so that the keys judge it."""
        line = self._line
        part = line.looking or line.frozen
        if part is None:
            line.note("Choose one of the last 12 parts first.")
        elif part.outcome is Outcome.FAULT:
            line.note("A part with a fault has no verdict to judge.")
        else:
            line.judging.chosen(part.kept())
            line.changed()
