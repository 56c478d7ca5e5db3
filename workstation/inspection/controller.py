"""Facts of the engine in, commands of the person out.

The page reads `InspectController.line` and repaints on a timer; no slot here paints or waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from engine.sources.base import SourceStatus
from engine.types import ComputedBy, EngineState, Fault, FitStep, HealthReading, Inspection, Origin
from workstation.inspection.afterwards import Afterwards
from workstation.inspection.alarm_watch import AlarmWatch
from workstation.inspection.codes import CodePatterns
from workstation.inspection.judgements import Judgements
from workstation.inspection.limit_keys import LimitKeys
from workstation.inspection.line import RUNNING, Line
from workstation.inspection.many_alarms import ManyAlarms
from workstation.inspection.next_part import NextPart
from workstation.inspection.record import Record
from workstation.inspection.release_facts import ReleaseFacts, describe_release
from workstation.inspection.scans import Scans
from workstation.inspection.seen_part import SeenPart
from workstation.inspection.sounds import Sound, Sounds
from workstation.inspection.standstill import Standstill
from workstation.inspection.station_record import utc_now
from workstation.records.words import EventKind, Outcome
from workstation.settings import Settings

if TYPE_CHECKING:
    from engine.releases.folder import Release

SIMULATOR = "simulator"


class InspectController(QObject):
    """Between engine, record and page; lives in the window's thread.

    Its slots are connected to the signals of the same meaning of `engine.worker.EngineWorker`, its
    command signals to the worker's slots. It never calls the worker.

    Signals
    -------
    start_requested, stop_requested, cancel_fit_requested
        Commands without arguments.
    limits_requested
        `engine.types.Limits` and the reason a person gave.
    own_pictures_requested
        Folder with good pictures to learn from, folder to watch (both `pathlib.Path`).
    """

    start_requested = Signal()
    stop_requested = Signal()
    cancel_fit_requested = Signal()
    limits_requested = Signal(object, str)
    own_pictures_requested = Signal(object, object)

    def __init__(
        self,
        record: Record,
        standstill: Standstill,
        *,
        settings: Settings | None = None,
        describe: Callable[[Release], ReleaseFacts] = describe_release,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        settings = settings or Settings()
        self._record = record
        self._describe = describe
        self.line = Line(record, standstill, clock=clock, now=now)
        self.afterwards = Afterwards(self)
        self.afterwards.failed.connect(self.refused)
        self.judgements = Judgements(self.line, self)
        self.limit = LimitKeys(self.line, self)
        self.next_part = NextPart(self.line, self)
        self.scans = Scans(
            self.line,
            self.next_part,
            patterns=CodePatterns.of(settings),
            change_lot=self.change_lot,
            parent=self,
        )
        self.sounds = Sounds(self.line, on=settings.sounds_on, clock=clock, parent=self)
        limit = min(settings.alarm_limit, settings.alarm_parts)
        watch = AlarmWatch(limit=limit, of=settings.alarm_parts)
        self.alarms = ManyAlarms(
            self.line, watch, self.afterwards, stops=settings.alarm_stops, parent=self
        )
        self.alarms.stop_wanted.connect(self.stop_requested)
        self.limit.asked.connect(self.limits_requested)

    # Facts from the engine

    @Slot(object)
    def began(self, origin: Origin) -> None:
        """Note that a part is in hand."""
        self.line.in_hand = origin

    @Slot(int, object)
    def inspected(self, inspection_id: int, inspection: Inspection) -> None:
        """Keep the newest part and count it."""
        self._took(SeenPart.of_inspection(inspection_id, inspection), inspection.health)

    @Slot(int, object)
    def faulted(self, inspection_id: int, fault: Fault) -> None:
        """Show a part that could not be inspected, and say why."""
        self._took(SeenPart.of_fault(inspection_id, fault), fault.health)
        sentence = f"Part {fault.origin.part_id}: {fault.reason}"
        self.line.say(sentence, bad=True, topic=f"fault {fault.kind}")

    def _took(self, part: SeenPart, health: HealthReading | None) -> None:
        line = self.line
        self.next_part.took(part.origin)
        line.took(part)
        for sentence in line.health.took(health, told=part.outcome is Outcome.FAULT):
            line.say(sentence, act=True, topic="health")
            note = partial(self._record.add_event, EventKind.LIGHT_WARNED)
            self.afterwards.ask(partial(note, sentence=sentence, part=part.part_id))
        self.alarms.took(part)
        self.sounds.took(part)

    @Slot(object, str)
    def state_changed(self, state: EngineState, sentence: str) -> None:
        """Take over the engine's state."""
        line = self.line
        if state in RUNNING and not line.running:
            line.counters.line_started()
            self.alarms.started()
        newest = line.messages.newest
        told = line.state is EngineState.ERROR or (newest is not None and newest.words == sentence)
        # Each try to reach a lost source may have its own sentence; one message is enough.
        if state is EngineState.ERROR and sentence and not told:
            line.say(sentence, bad=True)
        if state is EngineState.ERROR and line.state is not EngineState.ERROR and line.source_lost:
            self.sounds.ask(Sound.LOST)
        line.state, line.state_sentence = state, sentence
        line.changed()

    @Slot(object)
    def source_changed(self, status: SourceStatus) -> None:
        """Take over what the source says of itself."""
        line = self.line
        line.source = status
        line.on_line(simulated=status.name == SIMULATOR)
        line.changed()

    @Slot(object)
    def release_changed(self, release: Release | None) -> None:
        """Take over the release that now judges."""
        line = self.line
        facts = None if release is None else self._describe(release)
        line.release = facts
        line.settled = True
        if facts is None:
            line.limit.judge_by(None, fitted_t2=None)
        else:
            line.limit.judge_by(facts.limits, fitted_t2=facts.fitted_t2)
        line.health.judge_by(None if facts is None else facts.health)
        line.changed()

    @Slot(object)
    def computed_by(self, computed: ComputedBy) -> None:
        """Take over what computes the release; the station tells where that is a surprise."""
        self.line.computed_by = computed.place
        self.line.changed()

    @Slot(object)
    def fit_progressed(self, step: FitStep) -> None:
        """Show how far a fit has come."""
        self.line.fit = step
        self.line.settled = True
        self.line.changed()

    @Slot(object, str)
    def fit_ended(self, release: object | None, sentence: str) -> None:
        """End the display of a fit; say what went wrong."""
        self.line.fit = None
        self.line.settled = True
        if sentence:
            self.line.say(sentence, bad=release is None)
        self.line.changed()

    @Slot(str)
    def refused(self, sentence: str) -> None:
        """Say why a command could not be carried out."""
        self.line.settled = True
        self.line.say(sentence, bad=True)

    @Slot(str)
    def engine_hung(self, sentence: str) -> None:
        """Show the fault that the watchdog found."""
        self.line.hung = sentence
        self.sounds.ask(Sound.FAULT)
        self.line.say(sentence, bad=True)

    @Slot(str)
    def engine_answered(self, sentence: str) -> None:
        """Show that the engine turns again after all."""
        self.line.hung = ""
        self.line.say(sentence)

    # Commands of the person: running

    @Slot()
    def start(self) -> None:
        """Ask the engine to inspect parts as they come."""
        self.start_requested.emit()

    @Slot()
    def stop(self) -> None:
        """Ask the engine to inspect no further part."""
        self.stop_requested.emit()

    @Slot()
    def cancel_fit(self) -> None:
        """Ask the engine to drop the running fit."""
        self.cancel_fit_requested.emit()

    def use_own_pictures(self, good: Path, watch: Path) -> bool:
        """Ask for a fit on a folder of good pictures, then for watching another folder."""
        for folder in (good, watch):
            if not folder.is_dir():
                self.line.note(f"There is no folder {folder}.")
                return False
        self.own_pictures_requested.emit(good, watch)
        return True

    def change_lot(self, lot: str) -> None:
        """Write another lot on every part from now on."""
        line, old = self.line, self._record.lot
        if lot == old:
            return
        self._record.lot = lot
        line.asked(lambda: self._record.add_event(EventKind.LOT_CHANGED, old=old, new=lot))
        parts = line.asked(lambda: self._record.lot_count(lot, simulated=bool(line.simulated)))
        line.counters.lot_parts = parts or 0
        line.say(f"Lot {old or 'without a name'} → {lot or 'without a name'}")

    # Commands of the person: what is shown

    @Slot()
    def toggle_freeze(self) -> None:
        """Hold the picture at the next NG, or let it run."""
        self.line.freeze_on_ng = not self.line.freeze_on_ng
        self.line.frozen = None
        self.line.changed()

    @Slot()
    def acknowledge(self) -> None:
        """Take the newest message away."""
        self.line.messages.seen()
        self.line.changed()
