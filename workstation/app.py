"""The composition root: the only place that wires station, engine, record and window together."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from engine.errors import ModelError, SourceError
from engine.pictures import file_pictures, list_pictures
from engine.recipe import Recipe
from engine.releases.folder import Release, open_release
from engine.sources.base import SimulatorConfig, SourceConfig
from engine.sources.simulator import DEMO
from engine.types import Fault, FaultKind, Origin
from workstation.demo import LINE, demo_pictures, demo_recipe
from workstation.engine_thread import EngineThread
from workstation.garbage import collecting_in_this_thread
from workstation.headless import HeadlessRun
from workstation.inspection.controller import InspectController
from workstation.inspection.page import InspectPage
from workstation.inspection.station_record import StationRecord
from workstation.inspection.status_line import StationFacts
from workstation.inspection.watchdog import Watchdog
from workstation.interruptions import ending_on_signals, telling_unexpected
from workstation.main_window import MainWindow
from workstation.records.errors import RecordsError
from workstation.records.words import EventKind
from workstation.settings import Settings
from workstation.station import Station
from workstation.widgets.heatmap import HeatColours
from workstation.widgets.overlay import OverlaySettings
from workstation.widgets.style import load_palette
from workstation.wishes import Wishes, demo_on_real_pictures, take_over, watching

log = logging.getLogger(__name__)


def run(wishes: Wishes) -> int:
    """Run the workstation until it is closed; give the process's exit code."""
    headless = wishes.headless or not _has_display()
    if headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with Station.open(wishes.data_dir) as station:
        take_over(station, wishes)
        application = QApplication.instance() or QApplication(sys.argv[:1])
        # The program ends when the engine and the record have, not when its window closes.
        QApplication.setQuitOnLastWindowClosed(False)
        program = Program(station, wishes, headless=headless)
        with (
            ending_on_signals(program.interrupt),
            telling_unexpected(program.failed_thread.emit),
            collecting_in_this_thread(),
        ):
            program.begin()
            application.exec()
        if program.engine_hangs:
            # A thread that does not answer cannot be joined; the record is closed, so end here.
            station.close()
            logging.shutdown()
            os._exit(1)
    return 0 if program.headless is None else program.headless.exit_code


def _has_display() -> bool:
    """Tell whether windows can be shown; only Linux can be without."""
    if not sys.platform.startswith("linux"):
        return True
    chosen = os.environ.get("QT_QPA_PLATFORM")
    return bool(chosen or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _part_name(good: Path) -> str:
    """Name a part after its folder, or after the folder above one that is just called good."""
    return good.parent.name if good.name.lower() in ("good", "ok", "train") else good.name


def _overlay_of(settings: Settings) -> OverlaySettings:
    return OverlaySettings(
        heat=settings.heatmap_on,
        opacity=settings.heatmap_opacity,
        colours=HeatColours(settings.heatmap_colours),
    )


class Program(QObject):
    """One run of the workstation: window, engine thread, and what is remembered between them."""

    failed_thread = Signal(str)
    refused = Signal(str)  # what the settings ask for and must not be done

    def __init__(self, station: Station, wishes: Wishes, *, headless: bool) -> None:
        super().__init__()
        self.station = station
        self.engine_hangs = False
        self._wishes = wishes
        self._watch_next: Path | None = None
        self._source_before: SourceConfig | None = None
        self.headless = HeadlessRun(station, wishes) if headless else None
        self._record = StationRecord(
            station.store,
            station.statistics,
            shifts=station.settings.shifts,
            remember_lot=lambda lot: station.remember(lot=lot),
        )
        self.controller = InspectController(self._record)
        self._palette = load_palette()
        page = InspectPage(self.controller, self._palette, overlay=_overlay_of(station.settings))
        page.choice.changed.connect(self._remember_overlay)
        self.window = MainWindow(page, self.controller.line, self._palette, facts=self._facts)
        if self.headless is not None:
            self.headless.shows(self.window)
        self.engine = EngineThread(station.store, station.library, device=wishes.device)
        self._watchdog = Watchdog(record_fault=self._record_hang)
        self._connect()

    def begin(self) -> None:
        """Show the window, start the engine, and go on where the last run ended."""
        settings = self.station.settings
        for note in self.station.notes:
            self.controller.refused(note)
        first_start = settings.source is None and settings.release_id is None
        source = settings.source or LINE
        self.station.remember(source=source, running=settings.running or first_start)
        self.window.show()
        self.engine.start()
        self._watchdog.watch()
        self.engine.source_requested.emit(self._opened(source))
        self._judge(settings.release_id, source)
        if self.headless is not None:
            self.engine.parts_requested.emit(self._wishes.parts)
        elif self.station.settings.running:
            self.engine.start_requested.emit()

    @Slot()
    def end(self) -> None:
        """End the engine in order, then the program."""
        self._watchdog.rest()
        self.engine.end(wait=not self._watchdog.silent)

    def interrupt(self, signal_name: str) -> None:
        """End in order because of a signal; called between any two instructions."""
        if self.headless is None:
            QTimer.singleShot(0, self, self.end)
        else:
            sentence = f"Ended by {signal_name} before all parts were inspected."
            QTimer.singleShot(0, self.headless, partial(self.headless.give_up, sentence))

    def _judge(self, release_id: str | None, source: SourceConfig) -> None:
        """Ask for the last release; without one, the simulated line gets the demo's."""
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
            self.engine.fit_requested.emit(demo_recipe(), demo_pictures())

    def _opened(self, source: SourceConfig) -> SourceConfig:
        """Give a source as it is opened now; what is remembered stays as the person chose it."""
        if not isinstance(source, SimulatorConfig):
            return source
        last = self.station.statistics.recent(1, simulated=True)
        first = int(last[0].part_id.removeprefix(DEMO)) + 1 if last else 1
        interval_s = source.interval_s if self.headless is None else 0.0  # nobody looks on
        return source.model_copy(update={"first": first, "interval_s": interval_s})

    def _connect(self) -> None:
        worker, controller, engine = self.engine.worker, self.controller, self.engine
        for name in (
            "inspected",
            "faulted",
            "state_changed",
            "source_changed",
            "release_changed",
            "fit_progressed",
            "fit_ended",
            "refused",
        ):
            getattr(worker, name).connect(getattr(controller, name))
        worker.beat.connect(self._watchdog.beat)
        worker.began.connect(self._watchdog.began)
        worker.inspected.connect(self._watchdog.ended)
        worker.faulted.connect(self._watchdog.ended)
        self._watchdog.hung.connect(controller.engine_hung)
        self._watchdog.answered.connect(controller.engine_answered)
        # Direct: the recipe's name must stand on the very next row, so the worker's thread sets it.
        worker.release_changed.connect(self._name_recipe, Qt.ConnectionType.DirectConnection)
        worker.release_changed.connect(self._release_changed)
        worker.fit_ended.connect(self._fit_ended)
        controller.start_requested.connect(self._start)
        controller.stop_requested.connect(self._stop)
        controller.limits_requested.connect(engine.limits_requested)
        controller.cancel_fit_requested.connect(engine.cancel_fit_requested)
        controller.own_pictures_requested.connect(self._use_own_pictures)
        self.window.closing.connect(self.end)
        engine.ended.connect(self._ended)
        self.failed_thread.connect(controller.refused)
        self.refused.connect(controller.refused)
        self.station.tell = controller.refused
        if self.headless is not None:
            self.headless.follow(worker)
            self.headless.ended.connect(self.end)
            self._watchdog.hung.connect(self.headless.give_up)
            self.failed_thread.connect(self.headless.give_up)
            self.refused.connect(self.headless.give_up)

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
            self._note(
                EventKind.LIMIT_CHANGED,
                old=old.t2,
                new=manifest.limits.t2,
                reason=manifest.reason,
                release=release.id,
            )
        else:
            self._note(EventKind.RELEASE_ACTIVATED, old=before, new=release.id, part=manifest.part)

    @Slot()
    def _start(self) -> None:
        self.station.remember(running=True)
        self._note(EventKind.STARTED)
        self.engine.start_requested.emit()

    @Slot()
    def _stop(self) -> None:
        self.station.remember(running=False)
        self._note(EventKind.STOPPED)
        self.engine.stop_requested.emit()

    @Slot(object)
    def _remember_overlay(self, overlay: OverlaySettings) -> None:
        self.station.remember(
            heatmap_on=overlay.heat,
            heatmap_opacity=overlay.opacity,
            heatmap_colours=overlay.colours.value,
        )

    @Slot(object, object)
    def _use_own_pictures(self, good: Path, watch: Path) -> None:
        """Fit a release on the person's pictures; when it is there, watch their folder with it."""
        try:
            pictures = file_pictures(list_pictures(good))
        except SourceError as error:
            self.controller.refused(str(error))
            return
        self._watch_next, self._source_before = watch, self.station.settings.source
        # No part of the old line may be judged by the new release, nor slow the fit down.
        self.engine.source_requested.emit(None)
        self.engine.fit_requested.emit(Recipe(part=_part_name(good)), pictures)

    @Slot(object, str)
    def _fit_ended(self, release: Release | None, _sentence: str) -> None:
        watch, self._watch_next = self._watch_next, None
        if watch is None:
            return
        if release is None:
            self.engine.source_requested.emit(self._opened(self.station.settings.source or LINE))
        else:
            source = watching(watch, release)
            self._note_source(self._source_before, source)
            self.station.remember(source=source)
            self.engine.source_requested.emit(source)
            self._start()

    @Slot(bool)
    def _ended(self, in_order: bool) -> None:
        self.engine_hangs = not in_order
        self.window.close_now()
        QApplication.quit()

    def _facts(self) -> StationFacts:
        return StationFacts(
            station=self.station.store.station,
            person=self.station.store.person,
            disk_free_gb=self.station.disk_free_gb(),
            pictures_lost=self.station.pictures.lost,
        )

    def _note(self, kind: EventKind, **detail: object) -> None:
        try:
            self.station.store.add_event(kind, **detail)
        except RecordsError as error:
            self.controller.refused(str(error))

    def _note_source(self, before: SourceConfig | None, source: SourceConfig) -> None:
        old = None if before is None else before.model_dump(mode="json")
        self._note(EventKind.SOURCE_CHANGED, old=old, new=source.model_dump(mode="json"))

    def _record_hang(self, sentence: str, origin: Origin | None) -> None:
        """Write a hang down over the window's own connection."""
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
