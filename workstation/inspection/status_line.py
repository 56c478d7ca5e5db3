"""The bottom edge, always there: who, where, what runs, and what is getting short."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from engine.types import EngineState
from workstation.inspection.line import Line
from workstation.inspection.station_state import StationState, state_of
from workstation.widgets.style import Sizes

HEIGHT_AT_720 = 22
LITTLE_DISK_GB = 5.0


@dataclass(frozen=True, slots=True)
class StationFacts:
    """What the station itself knows, apart from the line."""

    station: str
    person: str
    """ "local" while users are off."""
    disk_free_gb: float | None
    """Free space where the record lies; None when it cannot be told."""
    pictures_lost: int
    """Pictures of NG, REVIEW and faults that could not be kept, since the start."""


class StatusLine(QFrame):
    """Eight short facts; what is wrong stands black on white."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bottom")
        self._row = QHBoxLayout(self)
        self._labels: dict[str, QLabel] = {}
        for name in ("station", "release", "source", "state", "skipped", "lost", "disk", "person"):
            label = QLabel()
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("tone", "quiet")
            if name == "source":
                # The longest of them gives way, so that no other is ever cut.
                label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._row.addWidget(label, 1 if name == "source" else 0)
            self._labels[name] = label

    def words(self, name: str) -> str:
        """Give what one of the facts says."""
        return self._labels[name].text()

    def tip(self, name: str) -> str:
        """Give what one of the facts says to a pointer that rests on it."""
        return self._labels[name].toolTip()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self.setFixedHeight(sizes.px(HEIGHT_AT_720))
        self._row.setContentsMargins(sizes.px(8), 0, sizes.px(8), 0)
        self._row.setSpacing(sizes.px(16))

    def show_facts(self, facts: StationFacts, line: Line) -> None:
        """Take over what is known now."""
        release, source = line.release, line.source
        self._say("station", f"station {facts.station}")
        self._say("release", _release_words(line) if release is not None else "no release")
        computed = f"computed by {line.computed_by}" if line.computed_by else ""
        self._labels["release"].setToolTip(computed)
        healthy = source is None or source.healthy
        self._say("source", "no source" if source is None else source.sentence, bad=not healthy)
        self._labels["source"].setToolTip(self._labels["source"].text())
        state = state_of(line)
        self._say("state", _state_words(state, line), bad=state is StationState.FAULT)
        self._labels["state"].setToolTip(f"engine: {line.state or 'not yet heard of'}")
        skipped = 0 if source is None else source.skipped
        self._say("skipped", f"skipped {skipped}")
        lost = facts.pictures_lost
        self._say("lost", f"pictures lost {lost}", bad=lost > 0)
        free = facts.disk_free_gb
        little = free is not None and free < LITTLE_DISK_GB
        self._say("disk", "disk ?" if free is None else f"disk {free:.0f} GB free", bad=little)
        self._say("person", facts.person)

    def _say(self, name: str, words: str, *, bad: bool = False) -> None:
        label = self._labels[name]
        if label.text() != words:
            label.setText(words)
        tone = "bad" if bad else "quiet"
        if label.property("tone") != tone:
            label.setProperty("tone", tone)
            label.style().polish(label)


def _state_words(state: StationState, line: Line) -> str:
    """Say what the station does, and what it lacks where it can do nothing."""
    if line.hung:
        return f"{state}: no answer"
    missing = ""
    if line.fit is not None and line.release is None:
        missing = "learning"
    elif line.settled and line.release is None:
        missing = "no release"
    elif line.state is EngineState.PREOPERATIONAL:
        missing = "no source"
    return f"{state}: {missing}" if state is StationState.STOPPED and missing else state


def _release_words(line: Line) -> str:
    assert line.release is not None
    return f"{line.release.recipe} · release {line.release.release_id[:12]}"
