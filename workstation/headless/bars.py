"""A run of a known number of parts, told as progress on the error stream."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.progress import Progress

from engine.releases.folder import Release
from engine.sources.base import SourceStatus
from engine.types import EngineState, Fault, FitStep, Inspection
from workstation.headless.report import RunEnd
from workstation.records.words import Outcome


class Bars:
    """A `Teller` with a bar for the fit and one for the parts; faults as lines above them."""

    def __init__(self, parts: int) -> None:
        self._progress = Progress(console=Console(stderr=True), transient=True)
        self._fit = self._progress.add_task("Fitting", total=None, visible=False)
        self._line = self._progress.add_task("Inspecting", total=parts, visible=False)
        self._progress.start()

    def part(self, number: int, found: Inspection | Fault, outcome: Outcome) -> None:
        """Move the bar on; say why a part could not be inspected."""
        if isinstance(found, Fault):
            self.say(f"fault: {found.reason}")
        self._progress.update(self._line, advance=1, visible=True)

    def state(self, state: EngineState, sentence: str) -> None:
        """Say what keeps the line from running, such as a lost source."""
        if state is EngineState.ERROR:
            self.say(f"waiting: {sentence}")

    def release(self, release: Release) -> None:
        """Nothing is shown of the release; the summary names it."""

    def source(self, status: SourceStatus) -> None:
        """Nothing is shown of the source; its loss is a state."""

    def fit(self, step: FitStep | None) -> None:
        """Show how far a fit has come, or hide its bar."""
        if step is None:
            self._progress.update(self._fit, visible=False)
        else:
            self._progress.update(
                self._fit,
                description=step.stage,
                total=step.total,
                completed=step.done,
                visible=True,
            )

    def say(self, sentence: str) -> None:
        """Print a sentence above the bars."""
        if self._progress.live.is_started:
            self._progress.console.print(sentence, markup=False)

    def ending(self, reason: str) -> None:
        """Take the bars away."""
        self._progress.stop()

    def ended(self, end: RunEnd) -> None:
        """Print the figures, or on the error stream why there are none."""
        if end.failure:
            typer.echo(f"loupe: {end.failure}", err=True)
        else:
            typer.echo(end.summary)

    def refresh(self) -> None:
        """Nothing to do: the bars paint themselves."""
