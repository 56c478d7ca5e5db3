"""What a run without a window says: progress on the error stream, then a summary of figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import typer
from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.progress import Progress

from engine.sources.base import SourceStatus
from engine.types import EngineState, Fault, FitStep, Inspection
from engine.worker import EngineWorker
from workstation.main_window import MainWindow
from workstation.records.words import Outcome
from workstation.station import Station
from workstation.wishes import Wishes


class HeadlessReport(QObject):
    """Counts the parts of one run; its slots are connected to the worker's signals."""

    def __init__(self, parts: int) -> None:
        super().__init__()
        self._outcomes: Counter[Outcome] = Counter()
        self._latencies_ms: list[float] = []
        self._progress = Progress(console=Console(stderr=True), transient=True)
        self._fit = self._progress.add_task("Fitting", total=None, visible=False)
        self._line = self._progress.add_task("Inspecting", total=parts, visible=False)
        self._progress.start()

    @Slot(object)
    def fit_progressed(self, step: FitStep) -> None:
        """Show how far a fit has come."""
        self._progress.update(
            self._fit, description=step.stage, total=step.total, completed=step.done, visible=True
        )

    @Slot(object, str)
    def fit_ended(self, _release: object, _sentence: str) -> None:
        """Hide the fit's bar."""
        self._progress.update(self._fit, visible=False)

    @Slot(int, object)
    def inspected(self, _number: int, inspection: Inspection) -> None:
        """Count a part."""
        self._outcomes[Outcome.of(inspection.verdict)] += 1
        self._latencies_ms.append(inspection.latency_ms)
        self._progress.update(self._line, advance=1, visible=True)

    @Slot(int, object)
    def faulted(self, _number: int, fault: Fault) -> None:
        """Count a part that could not be inspected, and say why."""
        self._outcomes[Outcome.FAULT] += 1
        self._progress.console.print(f"fault: {fault.reason}", markup=False)
        self._progress.update(self._line, advance=1, visible=True)

    @Slot(object, str)
    def state_changed(self, state: EngineState, sentence: str) -> None:
        """Say what keeps the line from running, such as a lost source."""
        if state is EngineState.ERROR and self._progress.live.is_started:
            self._progress.console.print(f"waiting: {sentence}", markup=False)

    def close(self) -> None:
        """Take the bars away."""
        self._progress.stop()

    def summary(self, *, database: str, release: str | None, screenshot: Path | None) -> str:
        """Give one figure per line, label then number."""
        lines = [f"parts {self._outcomes.total()}"]
        lines += [f"{outcome.lower()} {self._outcomes[outcome]}" for outcome in Outcome]
        if self._latencies_ms:
            p50, p95 = np.percentile(self._latencies_ms, (50, 95))
            lines += [f"latency p50 ms {p50:.1f}", f"latency p95 ms {p95:.1f}"]
        lines.append(f"release {release or '-'}")
        lines.append(f"database {database}")
        if screenshot is not None:
            lines.append(f"screenshot {screenshot}")
        return "\n".join(lines)


class HeadlessRun(QObject):
    """Follows a run to its end: all parts, a source that has no more, or what cannot go on.

    Signals
    -------
    ended
        The program may end; `exit_code` is settled.
    """

    ended = Signal()

    def __init__(self, station: Station, wishes: Wishes) -> None:
        super().__init__()
        self.exit_code = 1
        self._station = station
        self._screenshot = wishes.screenshot or station.folder.root / "operator-page.png"
        self._report = HeadlessReport(wishes.parts)
        self._window: MainWindow | None = None
        self._over = False

    def shows(self, window: MainWindow) -> None:
        """Take the window whose picture is saved at the end."""
        self._window = window

    def follow(self, worker: EngineWorker) -> None:
        """Connect to the worker's signals."""
        for name in ("inspected", "faulted", "fit_progressed", "fit_ended", "state_changed"):
            getattr(worker, name).connect(getattr(self._report, name))
        worker.parts_done.connect(self.finish)
        worker.source_changed.connect(self.finish_with_the_source)
        worker.fit_ended.connect(self.give_up_without_release)
        worker.refused.connect(self.give_up)

    @Slot(object)
    def finish_with_the_source(self, status: SourceStatus) -> None:
        """End where there are fewer pictures than parts asked for: there is nothing to wait for."""
        if status.exhausted:
            self.finish()

    @Slot(object, str)
    def give_up_without_release(self, release: object | None, sentence: str) -> None:
        """End where the fit failed."""
        if release is None:
            self.give_up(sentence)

    @Slot()
    def finish(self) -> None:
        """End a run that did what was asked."""
        if not self._over:
            self._over = True
            self._summarise()

    @Slot(str)
    def give_up(self, sentence: str) -> None:
        """End a run that cannot go on; what follows from the first reason is not told."""
        if not self._over:
            self._over = True
            self._report.close()
            typer.echo(f"loupe: {sentence}", err=True)
            self.ended.emit()

    def _summarise(self) -> None:
        saved = False
        if self._window is not None:
            self._screenshot.parent.mkdir(parents=True, exist_ok=True)
            self._window.refresh()
            # The last part's words are in place only after their layout.
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            saved = self._window.grab().save(str(self._screenshot))
        self._report.close()
        summary = self._report.summary(
            database=str(self._station.database.url),  # without its password
            release=self._station.settings.release_id,
            screenshot=self._screenshot if saved else None,
        )
        typer.echo(summary)
        self.exit_code = 0
        self.ended.emit()
