"""What the large picture shows: the live part, an earlier one, or why there is none."""

from __future__ import annotations

from engine.types import EngineState
from workstation.inspection.line import Line
from workstation.inspection.seen_part import SeenPart
from workstation.widgets.image_view import ImageView
from workstation.widgets.overlay import OverlaySettings
from workstation.widgets.score_axis import number_words
from workstation.widgets.verdict_banner import DEMO_WORDS

NO_MAP_WORDS = "NO MAP  –  this release scores the picture as a whole, it cannot say where"


def show_large_picture(view: ImageView, line: Line, settings: OverlaySettings) -> None:
    """Bring the view up to date; the same part is not prepared twice."""
    part = line.shown
    trial = line.limit.trial
    view.set_overlay(settings)
    view.set_trial(None if trial is None else trial.pixel)
    view.set_bands(*_bands(line))
    roi = None if line.release is None else line.release.roi
    shown = None if part is None else part.shown(roi)
    if shown is None:
        view.show_words(*_words(line, part))
    elif view.part is None or view.part.picture is not shown.picture or view.part.roi != shown.roi:
        view.show_part(shown)


def _bands(line: Line) -> list[str]:
    bands = [DEMO_WORDS] if line.simulated else []
    if line.state is EngineState.ERROR and line.source_lost and line.source is not None:
        bands.append(line.source.sentence)
    shown = line.shown
    if shown is not None and shown.picture is not None and shown.reason:
        bands.append(shown.reason)
    if line.release is not None and not line.release.has_map:
        bands.append(NO_MAP_WORDS)
    if line.notice:
        bands.append(line.notice)
    trial, judging = line.limit.trial, line.limit.limits
    if trial is not None and judging is not None:
        bands.append(
            f"TRIAL  reject limit {number_words(trial.t2)}  –  "
            f"the old limit {number_words(judging.t2)} still judges"
        )
    if line.looking is not None:
        bands.append(
            f"LOOKING BACK at part {line.looking.part_id}{_score_of(line.looking)}  –  "
            "the line runs on  (J judge it, Esc live)"
        )
    elif line.frozen is not None:
        bands.append(
            f"HELD at NG part {line.frozen.part_id}{_score_of(line.frozen)}  –  "
            "the line runs on  (Esc live)"
        )
    return bands


def _score_of(part: SeenPart) -> str:
    return "" if part.score is None else f", score {number_words(part.score)}"


def _words(line: Line, part: SeenPart | None) -> tuple[str, str]:
    if part is not None:
        return (
            "No picture",
            part.reason or "Pictures of OK parts are not kept when the program ends.",
        )
    match line.state:
        case EngineState.PREOPERATIONAL | EngineState.INITIALIZED | None if not line.settled:
            return "Starting", "The record and the last release are being opened."
        case EngineState.PREOPERATIONAL | EngineState.INITIALIZED if line.fit is not None:
            return "", ""
        case EngineState.PREOPERATIONAL if line.release is not None:
            return "No source", "Choose where pictures come from: press P."
        case EngineState.PREOPERATIONAL | EngineState.INITIALIZED | None:
            return (
                "No release yet",
                "Loupe learns from pictures of good parts before it can inspect. Press P to begin.",
            )
        case EngineState.READY | EngineState.HALTED:
            return "Stopped", "Press Start (S) and the first part is shown here."
        case EngineState.ERROR:
            return "The line stands", line.state_sentence
        case EngineState.SINGLE_EXECUTION | EngineState.CONTINUOUS_EXECUTION:
            source = "" if line.source is None else line.source.sentence
            return "Ready for a trigger" if line.on_demand else "Ready for the first part", source
