"""The one word for what the station does, and why it does not inspect."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from engine.types import EngineState
from workstation.inspection.line import Line
from workstation.records.words import NotInspectingReason as Reason


class StationState(StrEnum):
    """What the page says; the engine's own states stand in the status line's tool tip."""

    STARTING = "Starting"
    """Until the last release was opened, refused or begun to be fitted."""
    STOPPED = "Stopped"
    READY = "Ready"
    """The line runs and waits: for a trigger, or for the next part."""
    INSPECTING = "Inspecting"
    FAULT = "Fault"


def state_of(line: Line) -> StationState:
    """Choose the word."""
    if line.hung or line.state is EngineState.ERROR or (line.running and line.source_lost):
        return StationState.FAULT
    if line.running:
        return StationState.INSPECTING if line.inspecting else StationState.READY
    opening = (None, EngineState.PREOPERATIONAL, EngineState.INITIALIZED)
    if line.state in opening and not line.settled:
        return StationState.STARTING
    return StationState.STOPPED


def why_not_inspecting(line: Line) -> str:
    """Say in a few words why nothing is inspected; empty while it is."""
    standing = line.standstill.standing
    if line.fit is not None and line.release is None:
        return "a first release is being learnt"
    match None if standing is None else standing.reason:
        case Reason.STOPPED:
            return "stopped: Start begins"
        case Reason.LOCKED:
            return "locked: sign in first"
        case Reason.NO_SOURCE:
            return "no source" if line.source is None else f"the {line.source.name} is lost"
        case Reason.NO_RELEASE:
            return "no release"
        case Reason.NO_RECORD:
            return "the record cannot be written"
        case Reason.ENGINE_FAULT:
            return "the engine does not answer"
        case Reason.NOT_RUNNING | None:
            return ""


def since_words(since: datetime, *, now: datetime) -> str:
    """Write a time of day by the station's clock, with the date where it was another day."""
    local = since.astimezone()
    same_day = local.date() == now.astimezone().date()
    return f"since {local:%H:%M}" if same_day else f"since {local:%Y-%m-%d %H:%M}"
