"""A run as a table that stands still on the terminal while its figures change."""

from __future__ import annotations

from collections import deque
from typing import IO, cast

import typer
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from engine.releases.folder import Release
from engine.sources.base import SourceStatus
from engine.types import EngineState, Fault, FitStep, Inspection
from workstation.headless.lines import why
from workstation.headless.output import PatientOutput
from workstation.headless.report import RunEnd
from workstation.headless.tally import Tally
from workstation.records.words import Outcome

STYLES = {
    Outcome.OK: "bold green",
    Outcome.REVIEW: "bold yellow",
    Outcome.NG: "bold red",
    Outcome.FAULT: "bold magenta",
}
_SENTENCES = 3


class LiveTable:
    """A `Teller` that keeps the newest of everything and paints it when it is asked to."""

    def __init__(self, out: PatientOutput, tally: Tally, *, title: str) -> None:
        self._out = out
        self._tally = tally
        self._title = title
        self._state = (EngineState.PREOPERATIONAL, "Starting.")
        self._release = "-"
        self._source: SourceStatus | None = None
        self._fit: FitStep | None = None
        self._last: tuple[Inspection | Fault, Outcome] | None = None
        self._sentences: deque[str] = deque(maxlen=_SENTENCES)
        console = Console(file=cast(IO[str], out), force_terminal=True)
        self._live = Live(console=console, auto_refresh=False)
        self._live.start()

    def part(self, number: int, found: Inspection | Fault, outcome: Outcome) -> None:
        """Keep the part; of a fault keep the reason, too, after it."""
        self._last = (found, outcome)
        if isinstance(found, Fault):
            self.say(found.reason)

    def state(self, state: EngineState, sentence: str) -> None:
        """Keep the state."""
        self._state = (state, sentence)

    def release(self, release: Release) -> None:
        """Keep what judges."""
        self._release = f"{release.id}  {release.manifest.part}"

    def source(self, status: SourceStatus) -> None:
        """Keep what the source says."""
        self._source = status

    def fit(self, step: FitStep | None) -> None:
        """Keep how far a fit has come."""
        self._fit = step

    def say(self, sentence: str) -> None:
        """Keep the sentence among the last few."""
        self._sentences.append(sentence)

    def ending(self, reason: str) -> None:
        """Keep why the run ends."""
        self.say(reason)

    def refresh(self) -> None:
        """Paint, unless the terminal has not taken the last picture yet."""
        if not self._out.behind:
            self._live.update(self._panel(), refresh=True)

    def ended(self, end: RunEnd) -> None:
        """Leave the last figures on the terminal; on the error stream what went wrong."""
        self._live.update(self._panel(), refresh=True)
        self._live.stop()
        if end.failure:
            typer.echo(f"loupe: {end.failure}", err=True)

    def _panel(self) -> Panel:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, words in self._rows():
            table.add_row(label, words)
        return Panel(table, title=self._title, title_align="left")

    def _rows(self) -> list[tuple[str, Text]]:
        state, sentence = self._state
        bad = "bold magenta" if state is EngineState.ERROR else ""
        rows = [
            ("engine", Text(f"{state}: {sentence}", style=bad)),
            ("release", Text(self._release)),
        ]
        if self._fit is not None:
            rows.append(("fitting", Text(f"{self._fit.stage} {self._fit.fraction:.0%}")))
        rows += [("parts", self._counts()), ("per minute", self._pace()), ("ms", self._latency())]
        rows += [("last part", self._last_part()), *self._of_source()]
        return rows + [("", Text(sentence)) for sentence in self._sentences]

    def _counts(self) -> Text:
        total = Text(f"{self._tally.parts}")
        each = (Text(f"{o} {self._tally.outcomes[o]}", STYLES[o]) for o in Outcome)
        return Text("   ").join([total, *each])

    def _pace(self) -> Text:
        pace = self._tally.parts_per_min()
        return Text("-" if pace is None else f"{pace:.1f}")

    def _latency(self) -> Text:
        latency = self._tally.latency_ms()
        if latency is None:
            return Text("-")
        return Text(f"p50 {latency.p50:.1f}   p95 {latency.p95:.1f}   p99 {latency.p99:.1f}")

    def _last_part(self) -> Text:
        if self._last is None:
            return Text("-")
        found, outcome = self._last
        origin = found.frame.origin if isinstance(found, Inspection) else found.origin
        words = Text(f"{origin.part_id}  ").append(outcome, STYLES[outcome])
        return words if isinstance(found, Fault) else words.append(f"  {why(found)}")

    def _of_source(self) -> list[tuple[str, Text]]:
        source = self._source
        if source is None:
            return [("source", Text("-"))]
        figures = f"skipped {source.skipped}   late {source.late}   waiting {source.waiting}"
        style = "" if source.healthy else "bold magenta"
        return [("source", Text(source.sentence, style)), ("pictures", Text(figures))]
