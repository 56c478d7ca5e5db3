"""The composition root of the window: what it shows, and where its keys lead."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from engine.errors import SourceError
from engine.pictures import file_pictures, list_pictures
from engine.recipe import Recipe
from engine.sources.base import SimulatorConfig
from workstation.demo import LINE
from workstation.headless.page_run import PageRun
from workstation.inspection.controller import InspectController
from workstation.inspection.page import InspectPage
from workstation.inspection.scanner import Scanner
from workstation.inspection.sounds import Sound
from workstation.inspection.station_record import StationRecord
from workstation.inspection.status_line import StationFacts
from workstation.lock import StationInUseError
from workstation.main_window import MainWindow
from workstation.running import RunningStation
from workstation.second_start import FirstWindow, show_first_window
from workstation.settings import Settings
from workstation.station import Station
from workstation.system.camera_search import CameraSearch
from workstation.system.controller import SourceController
from workstation.system.live_view import LiveView
from workstation.system.page import SystemPage
from workstation.widgets.heatmap import HeatColours
from workstation.widgets.overlay import OverlaySettings
from workstation.widgets.sound_player import SoundPlayer
from workstation.widgets.style import load_palette
from workstation.wishes import Wishes, take_over


def run(wishes: Wishes) -> int:
    """Run the workstation until it is closed; give the process's exit code."""
    headless = wishes.headless or not _has_display()
    if headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        station = Station.open(wishes.data_dir)
    except StationInUseError as in_use:
        if headless or not show_first_window(in_use.folder):
            raise
        typer.echo(f"loupe: {in_use} Its window is shown.", err=True)
        return 1 if wishes.release or wishes.source else 0
    with station:
        take_over(station, wishes)
        QApplication.instance() or QApplication(sys.argv[:1])
        # The program ends when the engine and the record have, not when its window closes.
        QApplication.setQuitOnLastWindowClosed(False)
        program = Program(station, wishes, headless=headless)
        program.running.run(program.begin, interrupt=program.interrupt)
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
    """One run of the workstation with its window."""

    def __init__(self, station: Station, wishes: Wishes, *, headless: bool) -> None:
        super().__init__()
        self.station = station
        self._wishes = wishes
        self._record = StationRecord(
            station.store,
            station.statistics,
            shifts=station.settings.shifts,
            remember_lot=lambda lot: station.remember(lot=lot),
        )
        self.running = RunningStation(station, device=wishes.device)
        self.controller = InspectController(
            self._record, self.running.standstill, settings=station.settings
        )
        self._palette = load_palette()
        page = InspectPage(self.controller, self._palette, overlay=_overlay_of(station.settings))
        page.choice.changed.connect(self._remember_overlay)
        self.source = SourceController(
            station_source=lambda: station.settings.source or LINE,
            line_wanted=lambda: station.settings.running,
        )
        self.system = SystemPage(self.source, CameraSearch(), self._palette)
        self.window = MainWindow(
            page, self.controller.line, self._palette, facts=self._facts, system=self.system
        )
        self._connect_engine()
        self._connect_person()
        self._connect_source(self.system.view)
        self.headless: PageRun | None = None
        self._first_window: FirstWindow | None = None
        self._scanner = Scanner(parent=self)
        self._scanner.scanned.connect(page.bars.scanned)
        if headless:
            self.headless = self._headless_run()
        else:
            self._connect_sounds()
            self._first_window = FirstWindow(station.folder.root)
            self._first_window.called.connect(self._show_window)

    def begin(self) -> None:
        """Show the window, start the engine, and go on where the last run ended."""
        settings, running = self.station.settings, self.running
        first_start = settings.source is None and settings.release_id is None
        source = settings.source or LINE
        self.station.remember(source=source, running=settings.running or first_start)
        self.window.show()
        self._scanner.listen()
        running.begin()
        if self.headless is not None and isinstance(source, SimulatorConfig):
            source = source.model_copy(update={"interval_s": 0.0})  # nobody looks on
        running.open_source(source)
        running.judge(settings.release_id, source, method=self._wishes.method)
        if self.headless is not None:
            running.engine.parts_requested.emit(self.headless.parts)
        elif self.station.settings.running:
            running.engine.start_requested.emit()

    def interrupt(self, signal_name: str) -> None:
        """End in order because of a signal; called between any two instructions."""
        if self.headless is None:
            QTimer.singleShot(0, self.running, self.running.end)
        else:
            self.headless.ending.interrupt(signal_name)

    def _connect_engine(self) -> None:
        """Let the window follow the engine."""
        running, controller = self.running, self.controller
        for name in (
            "began",
            "inspected",
            "faulted",
            "state_changed",
            "source_changed",
            "release_changed",
            "computed_by",
            "fit_progressed",
            "fit_ended",
            "refused",
        ):
            getattr(running.engine.worker, name).connect(getattr(controller, name))
        running.watchdog.hung.connect(controller.engine_hung)
        running.watchdog.answered.connect(controller.engine_answered)
        for sentences in (running.told, running.refused, running.failed):
            sentences.connect(controller.refused)
        running.ended.connect(self._ended)

    def _connect_person(self) -> None:
        """Let the engine follow the person at the window."""
        running, controller = self.running, self.controller
        controller.start_requested.connect(running.start)
        controller.stop_requested.connect(running.stop)
        controller.limits_requested.connect(running.engine.limits_requested)
        controller.cancel_fit_requested.connect(running.engine.cancel_fit_requested)
        controller.own_pictures_requested.connect(self._use_own_pictures)
        next_part = controller.next_part
        running.engine.source_requested.connect(next_part.source_chosen)
        next_part.trigger_requested.connect(running.engine.trigger_requested)
        next_part.scan_requested.connect(running.engine.scan_requested)
        next_part.again_requested.connect(running.engine.again_requested)
        self.window.closing.connect(running.end)

    def _connect_source(self, view: LiveView) -> None:
        """Let the Source page borrow the engine's source, and look through it."""
        running, source, worker = self.running, self.source, self.running.engine.worker
        for name in (
            "inspected",
            "faulted",
            "state_changed",
            "source_changed",
            "release_changed",
            "fit_ended",
            "refused",
        ):
            getattr(worker, name).connect(getattr(source, name))
        source.test_requested.connect(running.open_source)
        source.test_ended.connect(running.reopen_source)
        source.chosen.connect(running.use_source)
        source.adjustment_requested.connect(running.engine.adjustment_requested)
        source.adjusted.connect(running.remember_adjusted)
        source.stop_requested.connect(running.stop)
        view.wanted.connect(running.engine.preview_requested)
        worker.previewed.connect(view.show_picture)

    def _headless_run(self) -> PageRun:
        """Let a run that nobody looks at sum up and end by itself."""
        run = PageRun(
            parts=self._wishes.parts,
            screenshot=self._wishes.screenshot or self.station.folder.root / "operator-page.png",
            save_page=self._save_page,
        )
        run.follow(self.running)
        return run

    def _save_page(self, path: Path) -> bool:
        self.window.refresh()
        # The last part's words are in place only after their layout.
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        return self.window.grab().save(str(path))

    def _connect_sounds(self) -> None:
        """Let the station be heard where the computer can."""
        sounds, player = self.controller.sounds, SoundPlayer(tuple(Sound), parent=self)
        sounds.cannot_play(player.silent_because)
        sounds.wanted.connect(player.play)
        sounds.switched.connect(self._remember_sounds)

    @Slot(bool)
    def _remember_sounds(self, on: bool) -> None:
        self.station.remember(sounds_on=on)

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
        self.running.fit_and_watch(Recipe(part=_part_name(good)), pictures, watch=watch)

    @Slot()
    def _show_window(self) -> None:
        """Bring the window to the front, for somebody who started Loupe once more."""
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    @Slot()
    def _ended(self) -> None:
        if self._first_window is not None:
            self._first_window.close()
        self._scanner.rest()
        self.controller.afterwards.finish()
        self.window.close_now()
        QApplication.quit()

    def _facts(self) -> StationFacts:
        return StationFacts(
            station=self.station.store.station,
            person=self.station.store.person,
            disk_free_gb=self.station.disk_free_gb(),
            pictures_lost=self.station.pictures.lost,
        )
