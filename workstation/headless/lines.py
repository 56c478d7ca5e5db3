"""A run told line by line, for a log or a person who scrolls back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import typer

from engine.releases.folder import Release
from engine.sources.base import SourceStatus
from engine.types import EngineState, Fault, FitStep, Inspection
from workstation.headless.report import RunEnd
from workstation.records.words import Outcome


class PlainLines:
    """A `Teller`: a line per part, per state and per stage of a fit; complaints on stderr."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._stage = ""

    def part(self, number: int, found: Inspection | Fault, outcome: Outcome) -> None:
        """Print time, part, outcome and what led to it."""
        origin = found.frame.origin if isinstance(found, Inspection) else found.origin
        attempt = f" (attempt {origin.attempt})" if origin.attempt > 1 else ""
        self._print(f"{origin.part_id}{attempt}  {outcome:<6}  {why(found)}", origin.taken_at)
        if number == 0:
            self.say(f"Part {origin.part_id} could not be written to the record yet.")

    def state(self, state: EngineState, sentence: str) -> None:
        """Print the engine's state and why."""
        self._print(f"{state}: {sentence}")

    def release(self, release: Release) -> None:
        """Print what judges from now on."""
        limits = release.manifest.limits
        self._print(
            f"Release {release.id} of {release.manifest.part} judges: "
            f"review limit {limits.t1:.4g}, reject limit {limits.t2:.4g}."
        )

    def source(self, status: SourceStatus) -> None:
        """Nothing is printed of the source; its loss is a state."""

    def fit(self, step: FitStep | None) -> None:
        """Print each stage of a fit once."""
        stage = "" if step is None else step.stage
        if stage not in ("", self._stage):
            self._print(f"Fitting: {stage}")
        self._stage = stage

    def say(self, sentence: str) -> None:
        """Complain on the error stream."""
        typer.echo(f"loupe: {sentence}", err=True)

    def ending(self, reason: str) -> None:
        """Print why the run ends."""
        self._print(reason)

    def ended(self, end: RunEnd) -> None:
        """Print the figures; on the error stream what went wrong."""
        self._write(f"{end.summary}\n")
        if end.failure:
            self.say(end.failure)

    def refresh(self) -> None:
        """Nothing to do: a line that is printed stays."""

    def _print(self, words: str, at: datetime | None = None) -> None:
        local = (at or datetime.now(UTC)).astimezone()
        # One line per thing, whatever a file or a scanner calls a part.
        plain = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in words)
        self._write(f"{local:%Y-%m-%d %H:%M:%S}  {plain}\n")


def why(found: Inspection | Fault) -> str:
    """Say in a few words what the outcome of a part rests on."""
    if isinstance(found, Fault):
        return found.reason
    limits = found.limits
    words = f"score {found.score:.4g}, limits {limits.t1:.4g} and {limits.t2:.4g}"
    if found.regions:
        words += f", {len(found.regions)} regions" if len(found.regions) > 1 else ", 1 region"
    words += f", {found.latency_ms:.1f} ms"
    if found.health is not None and found.health.warning:
        words += f". {found.health.warning}"
    return words
