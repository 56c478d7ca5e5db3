"""EngineWorker: commands in (slots), facts out (signals). The engine's only Qt, QtCore alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.device import leave_a_core
from engine.errors import EngineError, SourceError
from engine.fitting import FitSteps, fit
from engine.inspector import Inspector
from engine.pictures import Picture
from engine.recipe import Recipe
from engine.releases.folder import Release, open_release
from engine.releases.library import Library
from engine.sources.base import Source, SourceConfig
from engine.sources.opening import open_source
from engine.types import (
    EngineState,
    Fault,
    FaultKind,
    FileKey,
    Frame,
    Inspection,
    Limits,
    Origin,
)

log = logging.getLogger(__name__)

IDLE_MS = 20
"""Pause before the next look at a source that had nothing."""
LOST_MS = 500
"""Pause before the next look at a source that is lost."""
BEAT_MS = 500
_NO_RECORD = "The record cannot be written; no further part is taken until it can."
UNSEEN_FRAMES = 16
"""Inspections told and not yet acknowledged; beyond, only their small pictures cross over."""


class Recorder(Protocol):
    """Writes down what happened, one transaction each; used in the worker's thread."""

    person: str
    """Who stands at the station."""

    def record(self, inspection: Inspection) -> int:
        """Give the row's number; raises where it could not be written."""
        ...

    def record_fault(self, fault: Fault) -> int:
        """Give the row's number; raises where it could not be written."""
        ...

    def seen(self, key: FileKey) -> bool:
        """Tell whether this very file stands in the record."""
        ...


class EngineWorker(QObject):
    """Inspects, judges and records one frame per turn of its event loop.

    Lives in a QThread of its own. Nobody calls a slot: commands are signals connected to it, so
    they take effect between two frames and the engine needs no lock. States::

        PREOPERATIONAL --release active--> READY --start--> CONTINUOUS_EXECUTION
              ^                              ^                 |        |    ^
              |                              +------stop-------+   lost |    | back
              +-- no release, no source                                 v    |
                                                                       ERROR-+
    """

    inspected = Signal(int, object)  # row number in the record, Inspection
    faulted = Signal(int, object)  # row number (0: it could not be recorded either), Fault
    began = Signal(object)  # Origin of the frame about to be inspected
    state_changed = Signal(object, str)  # EngineState, sentence for people
    source_changed = Signal(object)  # SourceStatus; at most twice a second
    release_changed = Signal(object)  # Release that judges from now on
    fit_progressed = Signal(object)  # FitStep
    fit_ended = Signal(object, str)  # Release or None, sentence (empty when all went well)
    refused = Signal(str)  # a command that could not be carried out, and what to do
    beat = Signal(float)  # time.monotonic(), twice a second while the event loop turns
    parts_done = Signal()  # the number of parts asked for by `inspect_parts` is reached
    stopped = Signal()  # answer to shut_down: nothing runs any more

    def __init__(self, recorder: Recorder, library: Library, *, device: str = "auto") -> None:
        super().__init__()
        self._recorder = recorder
        self._library = library
        self._device = device
        self._inspector: Inspector | None = None
        self._source: Source | None = None
        self._lost = ""
        self._wanted = False
        self._parts_left: int | None = None
        self._unseen = 0
        self._unrecorded: Fault | None = None
        self._fit: FitSteps | None = None
        self._told: tuple[EngineState, str] | None = None
        self._turns: QTimer | None = None
        self._beats: QTimer | None = None

    @Slot()
    def open(self) -> None:
        """Begin the event loop's work; connected to the thread's `started`, runs in the thread."""
        leave_a_core()
        self._turns = QTimer(self)
        self._turns.setSingleShot(True)
        self._turns.timeout.connect(self._turn)
        self._beats = QTimer(self)
        self._beats.setInterval(BEAT_MS)
        self._beats.timeout.connect(self._beat)
        self._beats.start()
        self._tell_state()
        self._turns.start(0)

    @Slot()
    def start(self) -> None:
        """Inspect parts as they come; waits for a release or a source that is still missing."""
        self._wanted, self._parts_left = True, None
        self._tell_state()

    @Slot(int)
    def inspect_parts(self, count: int) -> None:
        """Start, and stop after `count` parts."""
        self._wanted, self._parts_left = True, count
        self._tell_state()

    @Slot()
    def stop(self) -> None:
        """Inspect no further part."""
        self._wanted = False
        self._tell_state()

    @Slot(object)
    def set_source(self, config: SourceConfig | None) -> None:
        """Change to another source from the next frame on; None: no source."""
        self._close_source()
        if config is not None:
            try:
                self._source = open_source(config, self._recorder.seen)
            except SourceError as error:
                self._lost = str(error)
                self.refused.emit(str(error))
        self._tell_source()
        self._tell_state()

    @Slot(str)
    def activate(self, release_folder: str) -> None:
        """Judge by another release from the next frame on; the old one stays where it fails."""
        try:
            self._judge_by(open_release(Path(release_folder)))
        except EngineError as error:
            self.refused.emit(str(error))
        self._tell_state()

    @Slot(object, str)
    def move_limits(self, limits: Limits, reason: str) -> None:
        """Make a release with the same bank and other limits, and judge by it."""
        if self._inspector is None:
            self.refused.emit("There is no release whose limits could be moved. Fit one first.")
            return
        try:
            release = self._library.with_limits(
                self._inspector.release, limits, reason=reason, person=self._recorder.person
            )
            self._inspector = self._inspector.judging_by(release)
        except EngineError as error:
            self.refused.emit(str(error))
        self.release_changed.emit(self._inspector.release)

    @Slot(object, object)
    def fit(self, recipe: Recipe, pictures: Sequence[Picture]) -> None:
        """Fit a release in idle steps, then judge by it; a fit that runs already is dropped."""
        self._drop_fit()
        self._fit = fit(recipe, pictures, device=self._device)
        self._tell_state()

    @Slot()
    def cancel_fit(self) -> None:
        """Drop the running fit; nothing of it is left behind."""
        if self._fit is not None:
            self._drop_fit()
            self.fit_ended.emit(None, "The fit was cancelled.")
            self._tell_state()

    @Slot()
    def acknowledge(self) -> None:
        """Take note that the window has received one inspection."""
        self._unseen = max(0, self._unseen - 1)

    @Slot()
    def shut_down(self) -> None:
        """End everything in this thread, then emit `stopped`; what is in hand was recorded."""
        self._wanted = False
        for timer in (self._turns, self._beats):
            if timer is not None:
                timer.stop()
        self._turns = None
        self._drop_fit()
        self._close_source()
        self._record_late()
        self.stopped.emit()

    @Slot()
    def _turn(self) -> None:
        pause_ms = 0 if self._one_frame() or self._one_fit_step() else IDLE_MS
        if self._turns is not None:
            self._turns.start(LOST_MS if self._lost and pause_ms else pause_ms)

    def _one_frame(self) -> bool:
        """Take, inspect, record and announce one frame; False when none was ready."""
        if not self._wanted or self._inspector is None or self._source is None:
            return False
        if not self._record_late():
            return False
        taken = self._grab(self._source)
        if taken is None:
            return False
        if isinstance(taken, Fault):
            self._announce_fault(replace(taken, release_id=self._inspector.release.id))
        else:
            self._inspect(taken, self._inspector)
        self._count_down()
        return True

    def _grab(self, source: Source) -> Frame | Fault | None:
        """Take the next picture; a source that fails is lost until it can deliver again."""
        try:
            taken = source.grab()
        except SourceError as error:
            self._set_lost(str(error))
            return None
        except Exception as error:  # the record could not be asked, or a bug: try again, and say so
            sentence = f"No picture can be taken: {error} Loupe goes on by itself when it can."
            if sentence != self._lost:
                log.exception("the source failed")
            self._set_lost(sentence)
            return None
        self._set_lost("")
        return taken

    def _inspect(self, frame: Frame, inspector: Inspector) -> None:
        """Inspect and record; the first of the engine's two boundaries for any exception."""
        self.began.emit(frame.origin)
        kind = FaultKind.ENGINE
        try:
            inspection = inspector.inspect(frame)
            kind = FaultKind.RECORD
            number = self._recorder.record(inspection)
        except Exception as error:
            log.exception("part %s could not be inspected or recorded", frame.origin.part_id)
            self._announce_fault(
                Fault(
                    origin=frame.origin,
                    kind=kind,
                    reason=_sentence(frame.origin, kind, error),
                    release_id=inspector.release.id,
                    frame=frame,
                )
            )
            return
        self._unseen += 1
        if self._unseen > UNSEEN_FRAMES:
            inspection = _small(inspection, inspector)
        self.inspected.emit(number, inspection)

    def _announce_fault(self, fault: Fault) -> None:
        try:
            number = self._recorder.record_fault(fault)
        except Exception as error:  # the same boundary: a fault is announced, whatever happens
            log.exception("the fault of part %s could not be recorded", fault.origin.part_id)
            number, self._unrecorded = 0, fault
            self._set_lost(f"{_NO_RECORD} {error}")
        self.faulted.emit(number, fault)

    def _record_late(self) -> bool:
        """Record the fault that could not be; False while it still cannot, and nothing is taken."""
        if self._unrecorded is None:
            return True
        try:
            self._recorder.record_fault(self._unrecorded)
        except Exception as error:  # the same boundary
            self._set_lost(f"{_NO_RECORD} {error}")
            return False
        self._unrecorded = None
        self._set_lost("")
        return True

    def _count_down(self) -> None:
        if self._parts_left is not None:
            self._parts_left -= 1
            if self._parts_left == 0:
                self.parts_done.emit()
                self.stop()

    def _one_fit_step(self) -> bool:
        """Do one short step of a fit; the second boundary: the line goes on whatever happens."""
        if self._fit is None:
            return False
        release, sentence = None, ""
        try:
            release = self._advance(self._fit)
        except EngineError as error:
            sentence = str(error)
        except Exception as error:
            log.exception("the fit failed")
            sentence = str(error) or type(error).__name__
        if release is not None or sentence:
            self._fit = None
            self.fit_ended.emit(release, sentence)
            self._tell_state()
        return True

    def _advance(self, steps: FitSteps) -> Release | None:
        """Do one step; at the end keep the release and judge by it."""
        try:
            self.fit_progressed.emit(next(steps))
        except StopIteration as end:
            release = self._library.add(end.value)
            self._judge_by(release)
            return release
        return None

    def _judge_by(self, release: Release) -> None:
        self._inspector = Inspector.open(release, self._device)
        self.release_changed.emit(release)

    def _drop_fit(self) -> None:
        if self._fit is not None:
            self._fit.close()
            self._fit = None

    def _close_source(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        self._lost = ""

    def _set_lost(self, sentence: str) -> None:
        if sentence != self._lost:
            self._lost = sentence
            self._tell_source()
            self._tell_state()

    @Slot()
    def _beat(self) -> None:
        self.beat.emit(time.monotonic())
        self._tell_source()

    def _tell_source(self) -> None:
        if self._source is not None:
            self.source_changed.emit(self._source.status())

    def _tell_state(self) -> None:
        state = self._state()
        if state != self._told:
            self._told = state
            self.state_changed.emit(*state)

    def _state(self) -> tuple[EngineState, str]:
        if self._inspector is None:
            why = "A recipe is being fitted." if self._fit is not None else "No release is active."
            return EngineState.PREOPERATIONAL, why
        if self._lost:
            return EngineState.ERROR, self._lost
        if self._source is None:
            return EngineState.PREOPERATIONAL, "No source is chosen."
        if not self._wanted:
            return EngineState.READY, "Stopped."
        return EngineState.CONTINUOUS_EXECUTION, "Inspecting."


def _sentence(origin: Origin, kind: FaultKind, error: Exception) -> str:
    what = "inspected" if kind is FaultKind.ENGINE else "recorded"
    cause = str(error) or type(error).__name__
    return f"Part {origin.part_id} could not be {what}: {cause} Inspect it again or set it aside."


def _small(inspection: Inspection, inspector: Inspector) -> Inspection:
    """Give the inspection with the square the backbone saw instead of the whole picture."""
    square = inspector.release.manifest.preprocessing.square(inspection.frame.image)
    frame = replace(inspection.frame, image=square, original=None)
    return replace(inspection, frame=frame)
