"""What the banner says in every state of the line."""

from __future__ import annotations

from engine.types import EngineState
from workstation.inspection.line import Line
from workstation.records.words import Outcome
from workstation.widgets.marks import Sign
from workstation.widgets.verdict_banner import BannerState


def banner_of(line: Line) -> BannerState:
    """Choose word and shape; what keeps the station from inspecting comes before any verdict."""
    demo = bool(line.simulated)
    if line.hung:
        return BannerState(Sign.FAULT, "FAULT", "the engine does not answer", demo)
    match line.state:
        case EngineState.PREOPERATIONAL | EngineState.INITIALIZED | None if not line.settled:
            return BannerState(Sign.NONE, "Starting", "opening the record and the release", demo)
        case EngineState.PREOPERATIONAL | EngineState.INITIALIZED if line.fit is not None:
            return BannerState(Sign.NONE, "Learning", "the line waits for the new release", demo)
        case EngineState.PREOPERATIONAL if line.release is not None:
            return BannerState(Sign.NONE, "No source", "no pictures come in", demo)
        case EngineState.PREOPERATIONAL | EngineState.INITIALIZED | None:
            return BannerState(Sign.NONE, "No release", "nothing can be inspected yet", demo)
        case EngineState.ERROR:
            return BannerState(Sign.FAULT, "FAULT", _what_failed(line), demo)
        case EngineState.READY | EngineState.HALTED:
            word = "Ready" if line.live is None else "Stopped"
            return BannerState(Sign.NONE, word, "Start begins to inspect", demo)
        case EngineState.SINGLE_EXECUTION | EngineState.CONTINUOUS_EXECUTION:
            return _running(line, demo=demo)


def _running(line: Line, *, demo: bool) -> BannerState:
    if line.source is not None and not line.source.healthy:
        return BannerState(Sign.FAULT, "FAULT", _what_failed(line), demo)
    part = line.live
    if part is None:
        return BannerState(Sign.NONE, "Waiting", "for the first part", demo)
    word = "FAULT" if part.outcome is Outcome.FAULT else part.outcome.value
    return BannerState(part.sign, word, f"part {part.part_id}", demo)


def _what_failed(line: Line) -> str:
    lost = line.source is not None and not line.source.healthy
    return "the source is lost" if lost else "the line stands: see the message"
