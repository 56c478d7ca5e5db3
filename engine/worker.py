"""EngineWorker: commands in (slots), facts out (signals). The engine's only Qt, QtCore alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.device import leave_a_core
from engine.errors import EngineError, SourceError
from engine.execution import Execution, Recorder
from engine.fitting import FitSteps, fit
from engine.inspector import Inspector
from engine.pictures import Picture
from engine.recipe import Recipe
from engine.releases.folder import Release, open_release
from engine.releases.library import Library
from engine.sources.base import SimulatorConfig, SourceConfig
from engine.sources.orders import Orders
from engine.types import EngineState, Fault, Inspection, Limits, Origin

log = logging.getLogger(__name__)

IDLE_MS = 20
"""Pause before the next look at a source that had nothing."""
LOST_MS = 500
"""Pause before the next look at a source that is lost."""
BEAT_MS = 500
UNSEEN_FRAMES = 16
"""Inspections told and not yet acknowledged; beyond, only their small pictures cross over."""


class EngineWorker(QObject):
    """Inspects, judges and records one frame per turn of its event loop.

    Lives in a QThread of its own. Nobody calls a slot: commands are signals connected to it, so
    they take effect between two frames and the engine needs no lock. (Only `orders` may be used
    from any thread, because a trigger cannot wait for the inspection in hand.) States, named as in
    OPC 40100-1, §8::

        PREOPERATIONAL --source open--> INITIALIZED --release active--> READY
              ^                              ^                          |   ^
              +---------- no source ---------+------ no release --------+   |
                                                                        |   |
                          inspect_parts(n): SINGLE_EXECUTION <----------+   |
                          start:        CONTINUOUS_EXECUTION <----------+   |
                                                    |                       |
                                                    +--- stop, n parts done +

        any of these --source lost, record cannot be written--> ERROR --can again--> back
                                             (a source is no longer lost when stopped, too)
        any of these --shut_down--> HALTED
    """

    inspected = Signal(int, object)  # row number in the record, Inspection
    faulted = Signal(int, object)  # row number (0: it could not be recorded either), Fault
    began = Signal(object)  # Origin of the frame about to be inspected
    state_changed = Signal(object, str)  # EngineState, sentence for people
    source_changed = Signal(object)  # SourceStatus; at most twice a second
    release_changed = Signal(object)  # Release that judges from now on
    computed_by = Signal(object)  # ComputedBy: what computes that release here
    fit_progressed = Signal(object)  # FitStep
    fit_ended = Signal(object, str)  # Release or None, sentence (empty when all went well)
    refused = Signal(str)  # a command that could not be carried out, and what to do
    beat = Signal(float)  # time.monotonic(), twice a second while the event loop turns
    noticed = Signal(str)  # what a fit did otherwise than asked, for people
    device_changed = Signal(str)  # the GPU was left for the processor: why, for people
    opening = Signal(bool)  # a release is opened, which cannot be split: no beat until False comes
    parts_done = Signal()  # the number of parts asked for by `inspect_parts` is reached
    previewed = Signal(object)  # answer to preview: Image (H, W, 3) uint8 RGB, or None
    stopped = Signal()  # answer to shut_down: nothing runs any more

    def __init__(self, recorder: Recorder, library: Library, *, device: str = "auto") -> None:
        super().__init__()
        self._recorder = recorder
        self._library = library
        self._device = device
        self._execution = Execution(recorder, began=self.began.emit)
        self._wanted = False
        self.orders.pause()
        self._parts_left: int | None = None
        self._unseen = 0
        self._fit: FitSteps | None = None
        self._halted = False
        self._told: tuple[EngineState, str] | None = None
        self._told_lost = ""
        self._turns: QTimer | None = None
        self._beats: QTimer | None = None

    @property
    def orders(self) -> Orders:
        """What people and triggers ask of a camera; may be used from any thread."""
        return self._execution.orders

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
        self._run(None)

    @Slot(int)
    def inspect_parts(self, count: int) -> None:
        """Start, and stop after `count` parts."""
        self._run(count)

    @Slot()
    def stop(self) -> None:
        """Inspect no further part."""
        self._wanted = False
        self.orders.pause()
        self._execution.forget_loss()
        self._tell_loss()
        self._tell_state()

    @Slot(object)
    def set_source(self, config: SourceConfig | None) -> None:
        """Change to another source from the next frame on; None: no source."""
        self._close_source()
        try:
            if config is not None:
                self._execution.open_source(config)
        except SourceError as error:
            self.refused.emit(str(error))
        self._tell_source()
        self._tell_state()

    @Slot(object)
    def adjust_source(self, config: SimulatorConfig) -> None:
        """Let a running simulator go on at another speed, defect rate, strength or light."""
        if not self._execution.adjust_source(config):
            self.refused.emit("Only the simulator can be adjusted while it runs.")
        self._tell_source()

    @Slot(object)
    def inspect_again(self, origin: Origin) -> None:
        """Take a part once more, as its next attempt; a stopped line takes this one part."""
        try:
            self._execution.take_again(origin)
        except Exception as error:  # the record could not be asked: said, and nothing is taken
            self.refused.emit(str(error))
            return
        if not self._wanted:
            # What was ordered before the line was stopped comes first.
            self.inspect_parts(max(1, self.orders.owed))
        elif self._parts_left is not None:
            self._parts_left += 1

    @Slot()
    def preview(self) -> None:
        """Answer with what the source sees now, by `previewed`; takes nothing."""
        self.previewed.emit(self._execution.preview())

    @Slot(str)
    def activate(self, release_folder: str) -> None:
        """Judge by another release from the next frame on; the old one stays where it fails."""
        self.opening.emit(True)
        try:
            self._judge_by(open_release(Path(release_folder)))
        except EngineError as error:
            self.refused.emit(str(error))
        self.opening.emit(False)
        self._tell_state()

    @Slot(object, str)
    def move_limits(self, limits: Limits, reason: str) -> None:
        """Make a release with the same bank and other limits, and judge by it."""
        inspector = self._execution.inspector
        if inspector is None:
            self.refused.emit("There is no release whose limits could be moved. Fit one first.")
            return
        try:
            release = self._library.with_limits(
                inspector.release, limits, reason=reason, person=self._recorder.person
            )
            inspector = self._execution.inspector = inspector.judging_by(release)
        except EngineError as error:
            self.refused.emit(str(error))
        self.release_changed.emit(inspector.release)

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
        self._execution.record_late()
        self._halted = True
        self._tell_state()
        self.stopped.emit()

    def _run(self, parts: int | None) -> None:
        self._wanted, self._parts_left = True, parts
        self.orders.resume()
        self._tell_state()

    @Slot()
    def _turn(self) -> None:
        pause_ms = 0 if self._one_part() or self._one_fit_step() else IDLE_MS
        if self._turns is not None:
            lost = self._execution.lost
            self._turns.start(LOST_MS if lost and pause_ms else pause_ms)

    def _one_part(self) -> bool:
        """Take, inspect, record and announce one part; False when none was ready."""
        told = None
        if self._wanted:
            told = self._execution.next_part()
        else:
            self._execution.record_late()
        if told is None:
            self._tell_loss()
            return False
        if isinstance(told.outcome, Fault):
            self.faulted.emit(told.number, told.outcome)
        else:
            self._announce(told.number, told.outcome)
        if self._execution.short_of_memory:
            self._leave_the_gpu()
        self._tell_loss()  # after the part, which may be what could not be recorded
        self._count_down()
        return True

    def _leave_the_gpu(self) -> None:
        """Judge on the processor from the next part on, where the GPU was not asked for by name.

        Where the release does not reproduce there, all stays as it is: further parts are faults as
        long as memory is short, and none is judged otherwise than its release says.
        """
        inspector = self._execution.inspector
        if self._device != "auto" or inspector is None or not inspector.is_on_gpu:
            return
        self._device = "cpu"
        self.opening.emit(True)
        try:
            self._judge_by(inspector.release)
            self.device_changed.emit(
                "The GPU has too little memory to inspect with this release. The processor goes on "
                "in its place, until Loupe is started again. Close other programs that use the GPU."
            )
        except EngineError as error:
            self.refused.emit(str(error))
        self.opening.emit(False)

    def _announce(self, number: int, inspection: Inspection) -> None:
        self._unseen += 1
        inspector = self._execution.inspector
        if self._unseen > UNSEEN_FRAMES and inspector is not None:
            inspection = _small(inspection, inspector)
        self.inspected.emit(number, inspection)

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
            step = next(steps)
            self.fit_progressed.emit(step)
            if step.notice:
                self.noticed.emit(step.notice)
        except StopIteration as end:
            self.opening.emit(True)
            try:
                release = self._library.add(end.value)
                self._judge_by(release)
            finally:
                self.opening.emit(False)
            return release
        return None

    def _judge_by(self, release: Release) -> None:
        inspector = self._execution.inspector = Inspector.open(release, self._device)
        self.release_changed.emit(release)
        self.computed_by.emit(inspector.computed_by)

    def _drop_fit(self) -> None:
        if self._fit is not None:
            self._fit.close()
            self._fit = None

    def _close_source(self) -> None:
        for told in self._execution.close_source():
            self.faulted.emit(told.number, told.outcome)

    def _tell_loss(self) -> None:
        """Tell of a loss or its end at once; the sentence may change with each try."""
        if self._execution.lost != self._told_lost:
            self._told_lost = self._execution.lost
            self._tell_source()
            self._tell_state()

    @Slot()
    def _beat(self) -> None:
        self.beat.emit(time.monotonic())
        self._tell_source()

    def _tell_source(self) -> None:
        if self._execution.source is not None:
            self.source_changed.emit(self._execution.source.status())

    def _tell_state(self) -> None:
        state = self._state()
        if state != self._told:
            self._told = state
            self.state_changed.emit(*state)

    def _state(self) -> tuple[EngineState, str]:
        execution = self._execution
        if self._halted:
            return EngineState.HALTED, "The engine has ended."
        if execution.inspector is None:
            why = "A recipe is being fitted." if self._fit is not None else "No release is active."
            opened = execution.source is not None
            return EngineState.INITIALIZED if opened else EngineState.PREOPERATIONAL, why
        if execution.lost:
            return EngineState.ERROR, execution.lost
        if execution.source is None:
            return EngineState.PREOPERATIONAL, "No source is chosen."
        if not self._wanted:
            return EngineState.READY, "Stopped."
        if self._parts_left is not None:
            return EngineState.SINGLE_EXECUTION, "Inspecting what was asked for."
        return EngineState.CONTINUOUS_EXECUTION, "Inspecting."


def _small(inspection: Inspection, inspector: Inspector) -> Inspection:
    """Give the inspection with the square the backbone saw instead of the whole picture."""
    square = inspector.release.manifest.preprocessing.square(inspection.frame.image)
    frame = replace(inspection.frame, image=square, original=None)
    return replace(inspection, frame=frame)
