"""A run told as JSON, one object a line, for another program; see `json_fields`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import typer

from engine.releases.folder import Release
from engine.sources.base import SourceStatus
from engine.types import EngineState, Fault, FitStep, Inspection
from workstation.headless.report import RunEnd
from workstation.records.words import Outcome


class JsonLines:
    """A `Teller` that writes the lines which `workstation.headless.json_fields` describes."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write_text = write
        self._outcomes: Counter[Outcome] = Counter()
        self._source: tuple[str, bool, int, int] | None = None

    def part(self, number: int, found: Inspection | Fault, outcome: Outcome) -> None:
        """Write a ``part`` line."""
        self._outcomes[outcome] += 1
        origin = found.frame.origin if isinstance(found, Inspection) else found.origin
        values: dict[str, Any] = {
            "number": number,
            "part_id": origin.part_id,
            "attempt": origin.attempt,
            "taken_at": origin.taken_at.isoformat(),
            "source": origin.source,
            "simulated": origin.simulated,
            "outcome": outcome,
        }
        self._write("part", values | _of_fault(found) | _of_inspection(found))

    def state(self, state: EngineState, sentence: str) -> None:
        """Write a ``state`` line."""
        self._write_now("state", state=state, sentence=sentence)

    def release(self, release: Release) -> None:
        """Write a ``release`` line."""
        manifest = release.manifest
        limits = {
            "t1": manifest.limits.t1,
            "t2": manifest.limits.t2,
            "pixel": manifest.limits.pixel,
        }
        self._write_now("release", release=release.id, part=manifest.part, limits=limits)

    def source(self, status: SourceStatus) -> None:
        """Write a ``source`` line where something changed that matters to a program."""
        news = (status.name, status.healthy, status.skipped, status.late)
        if news != self._source:
            self._source = news
            self._write_now(
                "source",
                name=status.name,
                sentence=status.sentence,
                healthy=status.healthy,
                waiting=status.waiting,
                skipped=status.skipped,
                late=status.late,
            )

    def fit(self, step: FitStep | None) -> None:
        """Nothing is written of a fit: its beginning is a state, its end a release."""

    def say(self, sentence: str) -> None:
        """Write a ``message`` line."""
        self._write_now("message", sentence=sentence)

    def ending(self, reason: str) -> None:
        """Write an ``ending`` line."""
        self._write_now("ending", reason=reason)

    def refresh(self) -> None:
        """Nothing to do: a line that is written stays."""

    def ended(self, end: RunEnd) -> None:
        """Write the ``ended`` line; on the error stream what went wrong."""
        self._write_now(
            "ended",
            reason=end.reason,
            failure=end.failure or None,
            exit_code=end.exit_code,
            parts=self._outcomes.total(),
            outcomes={outcome: self._outcomes[outcome] for outcome in Outcome},
        )
        if end.failure:
            typer.echo(f"loupe: {end.failure}", err=True)

    def _write_now(self, event: str, **values: object) -> None:
        self._write(event, {"at": datetime.now(UTC).isoformat(), **values})

    def _write(self, event: str, values: dict[str, Any]) -> None:
        self._write_text(json.dumps({"event": event, **values}, allow_nan=False) + "\n")


def _of_inspection(found: Inspection | Fault) -> dict[str, Any]:
    if isinstance(found, Fault):
        return {}
    return {
        "score": found.score,
        "limits": asdict(found.limits),
        "regions": [asdict(region) for region in found.regions],
        "latency_ms": found.latency_ms,
        "release": found.release_id,
        "warning": (found.health.warning or None) if found.health is not None else None,
        "fault": None,
        "reason": None,
    }


def _of_fault(found: Inspection | Fault) -> dict[str, Any]:
    if isinstance(found, Inspection):
        return {}
    return {
        "score": None,
        "limits": None,
        "regions": [],
        "latency_ms": None,
        "release": found.release_id,
        "warning": (found.health.warning or None) if found.health is not None else None,
        "fault": found.kind,
        "reason": found.reason,
    }
