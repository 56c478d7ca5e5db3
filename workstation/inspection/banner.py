"""What the banner says in every state of the line."""

from __future__ import annotations

from dataclasses import replace

from workstation.inspection.keyboard import Action, shown_key
from workstation.inspection.line import Line
from workstation.inspection.station_state import (
    StationState,
    since_words,
    state_of,
    why_not_inspecting,
)
from workstation.records.words import Outcome
from workstation.widgets.marks import Sign
from workstation.widgets.verdict_banner import BannerState

NOT_INSPECTING = "NOT INSPECTING"


def banner_of(line: Line) -> BannerState:
    """Choose word and shape; what keeps the station from inspecting comes before any verdict."""
    return replace(_said(line), demo=bool(line.simulated))


def _said(line: Line) -> BannerState:
    state, since = state_of(line), line.standstill.since
    if state is StationState.STARTING:
        return BannerState(Sign.NONE, state, "opening the record and the release")
    if since is not None:
        sign = Sign.FAULT if state is StationState.FAULT else Sign.STANDING
        words = since_words(since, now=line.now)
        return BannerState(sign, NOT_INSPECTING, why_not_inspecting(line), since=words)
    if state is StationState.FAULT:
        # A word from source or watchdog may be here a moment before the engine's own.
        why = "the engine does not answer" if line.hung else "the source is lost"
        return BannerState(Sign.FAULT, "FAULT", why)
    part = line.live
    if part is None:
        return BannerState(Sign.NONE, StationState.READY, _awaited(line))
    word = "FAULT" if part.outcome is Outcome.FAULT else part.outcome.value
    return BannerState(part.sign, word, f"part {part.name}")


def _awaited(line: Line) -> str:
    if line.on_demand:
        return f"waiting for a trigger ({shown_key(Action.TRIGGER)})"
    return "waiting for the first part"
