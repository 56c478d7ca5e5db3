"""One run of the station, with or without a window: engine, record and watchdog put together."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot

from engine.errors import ModelError
from engine.pictures import Picture
from engine.recipe import Recipe
from engine.releases.folder import Release, open_release
from engine.sources.base import SimulatorConfig, SourceConfig
from engine.sources.simulator import DEMO
from engine.sources.told import told_config
from engine.types import ComputedBy, Fault, FaultKind, MethodName, Origin
from workstation.demo import LINE, demo_pictures, demo_recipe
from workstation.engine_thread import EngineThread
from workstation.garbage import collecting_in_this_thread
from workstation.inspection.standstill import Standstill
from workstation.inspection.watchdog import Watchdog
from workstation.interruptions import ending_on_signals, logging_qt, telling_unexpected
from workstation.records.errors import RecordsError
from workstation.records.words import EventKind
from workstation.station import Station
from workstation.wishes import demo_on_real_pictures, watching

log = logging.getLogger(__name__)


class RunningStation(QObject):
    """The engine's thread, its watchdog, and what is remembered and written down of the run.

    Who looks on, a window or a terminal, connects to the worker's signals and to these.

    Signals
    -------
    told
        A sentence for people: something could not be saved or written down, or the processor took
        over from the GPU; the run goes on.
    refused
        A sentence: what the settings ask for must not be done, so that nothing is inspected.
    failed
        A sentence: an error that nobody expected. Emitted in any thread.
    ended
        Nothing runs any more; `engine_hangs` is settled.
    """

    told = Signal(str)
    refused = Signal(str)
    failed = Signal(str)
    ended = Signal()

    def __init__(self, station: Station, *, device: str) -> None:
        super().__init__()
        self.station = station
        self.engine_hangs = False
        self.engine = EngineThread(station.store, station.library, device=device)
        self.watchdog = Watchdog(record_fault=self._record_hang)
        self.standstill = Standstill(station.store.add_not_inspecting)
        self._watch_next: Path | None = None
        self._source_before: SourceConfig | None = None
        self._connect()

    def run(self, begin: Callable[[], None], *, interrupt: Callable[[str], None]) -> None:
        """Turn the event loop from `begin` until it is quit, and end the process if it must be.

        Parameters
        ----------
        begin
            Called first, in this thread.
        interrupt
            Called with a signal's name between any two instructions of this thread.
        """
        with (
            ending_on_signals(interrupt),
            telling_unexpected(self.failed.emit),
            logging_qt(self.failed.emit),
            collecting_in_this_thread(),
        ):
            begin()
            QCoreApplication.exec()
        if self.engine_hangs:
            # A thread that does not answer cannot be joined; the record is closed, so end here.
            self.station.close()
            logging.shutdown()
            os._exit(1)

    def begin(self) -> None:
        """Start the engine and watch it."""
        self.station.tell = self.told.emit
        for note in self.station.notes:
            self.told.emit(note)
        self.standstill.begin(self.station.last_sign_of_life)
        self.engine.start()
        self.watchdog.watch()

    @Slot()
    def end(self) -> None:
        """End the engine in order; `ended` follows. A part that hangs meanwhile is a fault, too."""
        self.engine.end(wait=not self.watchdog.silent)

    @Slot(object)
    def open_source(self, source: SourceConfig) -> None:
        """Ask for a source; a simulated line goes on after its last part."""
        if isinstance(source, SimulatorConfig):
            try:
                last = self.station.statistics.newest_part_id(simulated=True) or f"{DEMO}0"
            except RecordsError as error:
                self.refused.emit(str(error))
                return
            first = int(last.removeprefix(DEMO)) + 1
            source = source.model_copy(update={"first": first})
        self.engine.source_requested.emit(source)

    @Slot()
    def reopen_source(self) -> None:
        """Ask for the station's own source, such as after another one was looked at."""
        self.open_source(self.station.settings.source or LINE)

    @Slot(object)
    def use_source(self, source: SourceConfig) -> None:
        """Make a source the station's own, now and after a restart."""
        self._note_source(self.station.settings.source, source)
        self.station.remember(source=source)
        self.open_source(source)

    @Slot(object)
    def remember_adjusted(self, source: SimulatorConfig) -> None:
        """Keep and write down how the station's simulator was adjusted while it ran."""
        before = self.station.settings.source or LINE
        self.note(EventKind.SIMULATOR_ADJUSTED, old=told_config(before), new=told_config(source))
        self.station.remember(source=source)

    def judge(
        self, release_id: str | None, source: SourceConfig, *, method: MethodName | None = None
    ) -> None:
        """Ask for a release; without one, the simulated line gets the demo's, by `method`."""
        folder = self.station.folder.releases / (release_id or "")
        release = None
        if release_id is not None:
            with suppress(ModelError):  # the engine says what is wrong with it
                release = open_release(folder)
        damaged = release_id is not None and release is None
        sentence = None if damaged else demo_on_real_pictures(source, release)
        if sentence is not None:
            self.refused.emit(sentence)
        elif release_id is not None:
            self.engine.release_requested.emit(str(folder))
        else:
            self.engine.fit_requested.emit(demo_recipe(method), demo_pictures())

    def fit_and_watch(self, recipe: Recipe, pictures: Sequence[Picture], *, watch: Path) -> None:
        """Fit a release; when it is there, watch a folder with it."""
        self._watch_next, self._source_before = watch, self.station.settings.source
        # No part of the old line may be judged by the new release, nor slow the fit down.
        self.engine.source_requested.emit(None)
        self.engine.fit_requested.emit(recipe, pictures)

    @Slot()
    def start(self) -> None:
        """Inspect parts as they come, now and after a restart."""
        self.station.remember(running=True)
        self.note(EventKind.STARTED)
        self.engine.start_requested.emit()

    @Slot()
    def stop(self) -> None:
        """Inspect no further part, neither now nor after a restart."""
        self.station.remember(running=False)
        self.note(EventKind.STOPPED)
        self.engine.stop_requested.emit()

    def note(self, kind: EventKind, **detail: object) -> None:
        """Write down that something happened; tell where that cannot be."""
        try:
            self.station.store.add_event(kind, **detail)
        except RecordsError as error:
            self.told.emit(str(error))

    def _connect(self) -> None:
        worker = self.engine.worker
        worker.beat.connect(self.watchdog.beat)
        worker.opening.connect(self.watchdog.opening)
        worker.began.connect(self.watchdog.began)
        worker.inspected.connect(self.watchdog.ended)
        worker.faulted.connect(self.watchdog.ended)
        self.standstill.follow(worker)
        self.watchdog.hung.connect(self.standstill.engine_hung)
        self.watchdog.answered.connect(self.standstill.engine_answered)
        # Direct: the recipe's name must stand on the very next row, so the worker's thread sets it.
        worker.release_changed.connect(self._name_recipe, Qt.ConnectionType.DirectConnection)
        worker.release_changed.connect(self._release_changed)
        worker.computed_by.connect(self._computed_by)
        worker.fit_ended.connect(self._fit_ended)
        worker.device_changed.connect(self._device_changed)
        worker.noticed.connect(self.told)
        self.engine.ended.connect(self._ended)

    @Slot(object)
    def _name_recipe(self, release: Release) -> None:
        self.station.store.recipe = release.manifest.part

    @Slot(object)
    def _release_changed(self, release: Release) -> None:
        before = self.station.settings.release_id
        if release.id == before:
            return
        manifest = release.manifest
        changes: dict[str, Any] = {"release_id": release.id, "recipe": manifest.part}
        if self._watch_next is not None:
            # In one file with the release: a cut between the two would set it on drawn parts.
            changes["source"] = watching(self._watch_next, release)
        self.station.remember(**changes)
        if manifest.parent is not None and manifest.parent == before:
            old = self.station.library.open(before).manifest.limits
            self.note(
                EventKind.LIMIT_CHANGED,
                old=old.t2,
                new=manifest.limits.t2,
                reason=manifest.reason,
                release=release.id,
            )
        else:
            self.note(EventKind.RELEASE_ACTIVATED, old=before, new=release.id, part=manifest.part)

    @Slot(str)
    def _device_changed(self, sentence: str) -> None:
        self.note(EventKind.DEVICE_CHANGED, old="cuda", new="cpu", reason=sentence)
        self.told.emit(sentence)

    @Slot(object)
    def _computed_by(self, computed: ComputedBy) -> None:
        """Write down and say that a release is not computed as it was fitted."""
        if computed.note:
            old, new = computed.fitted_with, computed.place
            self.note(EventKind.DEVICE_CHANGED, old=old, new=new, sentence=computed.note)
            self.told.emit(computed.note)

    @Slot(object, str)
    def _fit_ended(self, release: Release | None, _sentence: str) -> None:
        watch, self._watch_next = self._watch_next, None
        if watch is None:
            return
        if release is None:
            self.reopen_source()
        else:
            source = watching(watch, release)
            self._note_source(self._source_before, source)
            self.station.remember(source=source)
            self.open_source(source)
            self.start()

    def _note_source(self, before: SourceConfig | None, source: SourceConfig) -> None:
        old = None if before is None else told_config(before)
        self.note(EventKind.SOURCE_CHANGED, old=old, new=told_config(source))

    def _record_hang(self, sentence: str, origin: Origin | None) -> None:
        """Write a hang down over this thread's own connection."""
        try:
            if origin is None:
                self.station.store.add_event(EventKind.ENGINE_HUNG, sentence=sentence)
            else:
                release = self.station.settings.release_id
                fault = Fault(
                    origin=origin, kind=FaultKind.ENGINE, reason=sentence, release_id=release
                )
                self.station.store.record_fault(fault)
        except RecordsError:
            log.exception("the hang could not be recorded")

    @Slot(bool)
    def _ended(self, in_order: bool) -> None:
        self.watchdog.rest()
        self.engine_hangs = not in_order
        self.standstill.end()
        self.ended.emit()
