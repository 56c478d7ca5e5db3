"""The composition root of a station without a window: `loupe watch`."""

from __future__ import annotations

import sys

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot
from rich.console import Console

from engine.errors import SourceError
from engine.sources.base import (
    FolderConfig,
    OnDemand,
    ReplayConfig,
    SourceConfig,
    SourceStatus,
    VideoConfig,
)
from workstation.headless.ending import Ending
from workstation.headless.exit_codes import DONE, FAILED, FAULTS
from workstation.headless.json_lines import JsonLines
from workstation.headless.lines import PlainLines
from workstation.headless.live_table import LiveTable
from workstation.headless.output import PatientOutput
from workstation.headless.report import Report, RunEnd, Teller
from workstation.headless.tally import Tally
from workstation.headless.typed_orders import trigger_by_lines
from workstation.records.words import EventKind
from workstation.running import RunningStation
from workstation.station import Station
from workstation.wishes import Wishes, take_over


def watch(wishes: Wishes, *, as_json: bool) -> int:
    """Run the station until it ends; give the process's exit code.

    Raises
    ------
    EngineError, DataFolderError, RecordsError
        It cannot begin.
    """
    with Station.open(wishes.data_dir) as station:
        take_over(station, wishes)
        source = _watchable(station.settings.source, until_empty=wishes.until_empty)
        application = QCoreApplication.instance() or QCoreApplication(sys.argv[:1])
        program = WatchProgram(station, wishes, source, as_json=as_json)
        program.running.run(program.begin, interrupt=program.ending.interrupt)
        del application
    return program.exit_code


def _watchable(source: SourceConfig | None, *, until_empty: bool) -> SourceConfig:
    """Give the source back where there is one, and it can be empty if that is waited for.

    Raises
    ------
    SourceError
        It would be waited for in vain.
    """
    if source is None:
        raise SourceError(
            "There is nothing to watch: name a folder, camera, stream, video or simulated part."
        )
    if not until_empty:
        return source
    if not isinstance(source, FolderConfig | ReplayConfig | VideoConfig):
        raise SourceError(f"The {source.kind} is never empty: leave out --until-empty.")
    if not source.path.exists():
        raise SourceError(f"There is no {source.path} to look through. Check the path.")
    return source


class WatchProgram(QObject):
    """One run of a station that nobody looks at but a terminal, a log or another program."""

    _output_lost = Signal(str)

    def __init__(
        self, station: Station, wishes: Wishes, source: SourceConfig, *, as_json: bool
    ) -> None:
        super().__init__()
        self.station = station
        self._wishes = wishes
        self._source = source
        self._takes_lines = False
        self.running = RunningStation(station, device=wishes.device)
        endless = wishes.parts is None and not wishes.until_empty
        self.ending = Ending(endless=endless, until_empty=wishes.until_empty)
        self._tally = Tally()
        self._out = PatientOutput(sys.stdout, lost=self._output_lost.emit)
        self._teller = self._chosen_teller(as_json=as_json)
        self._report = Report(self._teller, self._tally)
        self._report.follow(self.running)
        self._output_lost.connect(self.ending.give_up)
        self.ending.due.connect(self._tell_ending)
        self.ending.follow(self.running)
        self.running.ended.connect(self._ended)

    @property
    def exit_code(self) -> int:
        """0: done; 1: could not go on; 3: done, but some parts were faults."""
        if self.ending.failure:
            return FAILED
        return FAULTS if self._tally.faults else DONE

    def begin(self) -> None:
        """Start the engine and inspect."""
        running = self.running
        running.begin()
        running.note(EventKind.STARTED)
        if self._wishes.parts is None:
            running.engine.start_requested.emit()
        else:
            running.engine.parts_requested.emit(self._wishes.parts)
        if isinstance(getattr(self._source, "trigger", None), OnDemand):
            # Only from then on: what is typed on a line that does not run yet would get no row.
            running.engine.worker.source_changed.connect(self._take_lines)
        running.open_source(self._source)
        running.judge(self.station.settings.release_id, self._source)

    def _chosen_teller(self, *, as_json: bool) -> Teller:
        if as_json:
            return JsonLines(self._out.write)
        if _can_paint(self._out):
            return LiveTable(self._out, self._tally, title=f"Loupe, {self.station.store.station}")
        return PlainLines(self._out.write)

    @Slot(object)
    def _take_lines(self, _opened: SourceStatus) -> None:
        if not self._takes_lines:
            self._takes_lines = True
            trigger_by_lines(self.running.engine.worker.orders)

    @Slot()
    def _tell_ending(self) -> None:
        self._teller.ending(self.ending.reason)

    @Slot()
    def _ended(self) -> None:
        ending, station = self.ending, self.station
        self.running.note(EventKind.STOPPED, reason=ending.reason)
        summary = self._tally.summary(
            database=str(station.database.url),  # without its password
            release=station.settings.release_id,
        )
        self._teller.ended(RunEnd(ending.reason, ending.failure, self.exit_code, summary))
        self._out.finish()
        QCoreApplication.quit()


def _can_paint(out: PatientOutput) -> bool:
    """Tell whether a table can stand still there; old Windows consoles only know lines."""
    return out.isatty() and not Console(stderr=True).legacy_windows
