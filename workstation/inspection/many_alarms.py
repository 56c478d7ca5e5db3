"""One message when many parts in a row are no OK: how many, against what, and what changed last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from workstation.inspection.afterwards import Afterwards
from workstation.inspection.alarm_watch import AlarmWatch
from workstation.inspection.line import Line
from workstation.inspection.seen_part import SeenPart
from workstation.records.changes import Change
from workstation.records.words import EventKind

CHANGES_TOLD = 2


@dataclass(frozen=True, slots=True)
class Raised:
    """What is known at the moment of the alarm."""

    alarms: int
    parts: int
    part_id: str
    before: str
    """The share of alarms before those, in words; empty where no part was before them."""


class ManyAlarms(QObject):
    """Raises the alarm on many alarms, writes it down, and stops the line where that is wanted.

    Signals
    -------
    stop_wanted
        The station is set to stop at such an alarm.
    """

    stop_wanted = Signal()

    def __init__(
        self,
        line: Line,
        watch: AlarmWatch,
        afterwards: Afterwards,
        *,
        stops: bool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._line = line
        self._afterwards = afterwards
        self._watch = watch
        self._stops = stops

    def started(self) -> None:
        """Begin anew with the line."""
        self._watch.forget()

    def took(self, part: SeenPart) -> None:
        """Take in the newest part, which the line has counted."""
        if not self._watch.took(part.outcome):
            return
        if self._stops:
            self.stop_wanted.emit()
        watch = self._watch
        raised = Raised(watch.alarms, watch.parts, part.part_id, self._share_before())
        record = self._line.record
        self._afterwards.ask(
            lambda: record.recent_changes(CHANGES_TOLD),
            then=lambda changes: self._tell(raised, changes),
        )

    def _tell(self, raised: Raised, changes: Sequence[Change]) -> None:
        line = self._line
        changed = [change.said(line.now) for change in changes]
        drifts = [drift.sentence for drift in line.health.drifts]
        alarms = f"{raised.alarms} of the last {raised.parts} parts are NG, REVIEW or fault"
        words = [f"{alarms}{raised.before}."]
        words += [f"Last changed: {', '.join(changed)}."] if changed else []
        words += drifts
        words += ["The line was stopped."] if self._stops else []
        line.say(" ".join(words), act=True)
        detail = {
            "alarms": raised.alarms,
            "of": raised.parts,
            "part": raised.part_id,
            "changes": changed,
            "drifts": drifts,
            "stopped": self._stops,
        }
        record = line.record
        self._afterwards.ask(lambda: record.add_event(EventKind.MANY_ALARMS, **detail))

    def _share_before(self) -> str:
        """Tell the share of alarms of this shift before those that raised the message."""
        counts, watch = self._line.counters.counts, self._watch
        parts = counts.parts - watch.parts
        if parts <= 0:
            return ""
        alarms = max(counts.review + counts.ng + counts.faults - watch.alarms, 0)
        return f"; before them it was {alarms / parts:.1%} in this shift".replace("%", " %")
