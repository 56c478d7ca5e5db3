"""Moving the reject limit: the commands behind slider and keys."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from workstation.inspection.line import Line


class LimitKeys(QObject):
    """Puts a limit on trial and asks for a release that judges by it.

    Signals
    -------
    asked
        `engine.types.Limits` and the reason a person gave.
    """

    asked = Signal(object, str)

    def __init__(self, line: Line, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = line

    @Slot()
    def unlock(self) -> None:
        """Allow moving the limit for a minute; a second press locks it at once."""
        trial = self._line.limit
        if not trial.locked:
            trial.lock()
        else:
            trial.unlock()
            if trial.locked:
                self._line.note("There is no limit to move yet.")
        self._line.changed()

    def move(self, t2: float) -> None:
        """Put a reject limit on trial."""
        if self._may_move():
            self._line.limit.move_to(t2)
            self._line.changed()

    def step(self, steps: int) -> None:
        """Move the limit on trial by steps of 1 %."""
        if self._may_move():
            self._line.limit.step(steps)
            self._line.changed()

    @Slot()
    def undo(self) -> None:
        """Drop the limit on trial."""
        self._line.limit.undo()
        self._line.changed()

    def keep(self, reason: str) -> None:
        """Ask the engine for a release with the limits on trial."""
        if not reason.strip():
            self._line.note("A new limit needs a reason.")
            return
        limits = self._line.limit.kept()
        if limits is None:
            self._line.note("The limit has locked again; nothing was changed.")
        else:
            self.asked.emit(limits, reason.strip())
        self._line.changed()

    def _may_move(self) -> bool:
        if self._line.limit.locked:
            self._line.note("The limit is locked: unlock it first (U).")
        return not self._line.limit.locked
