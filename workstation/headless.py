"""What a run without a window says: progress on the error stream, then a summary of figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Slot
from rich.console import Console
from rich.progress import Progress

from engine.types import EngineState, Fault, FitStep, Inspection
from workstation.records.words import Outcome


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
