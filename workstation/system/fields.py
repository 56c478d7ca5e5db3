"""What a person is asked about each kind of source: words, units and ways to enter it, as data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from engine.sources.base import (
    CameraConfig,
    FolderConfig,
    ReplayConfig,
    SimulatorConfig,
    StreamConfig,
    VideoConfig,
)

ConfigClass = type[
    CameraConfig | StreamConfig | VideoConfig | FolderConfig | ReplayConfig | SimulatorConfig
]


class Entry(StrEnum):
    """How something is entered."""

    TEXT = "text"
    NUMBER = "number"
    FOLDER = "folder"
    FILE = "file"
    DEVICE = "device"
    """One of the cameras that are found, or a name typed in."""
    CHOICE = "choice"
    STEPS = "steps"
    """By two keys, a step down and a step up."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few."""

    value: str
    words: str
    means: str = ""
    """A sentence; empty where the words say it all."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One line of the form."""

    name: str
    """Field of the configuration; ``trigger.still_s`` is one inside another."""
    label: str
    entry: Entry = Entry.TEXT
    unit: str = ""
    hint: str = ""
    """Stands in the empty line: what empty means."""
    wrong: str = ""
    """Said of a value that cannot be used, where the general words would not help."""
    choices: tuple[Choice, ...] = ()
    steps: tuple[float, ...] = ()
    shown: Callable[[float], str] = "{:g}".format
    """A step in words."""
    half: bool = False
    """Two such fields stand side by side."""
    only_with: tuple[str, str] | None = None
    """Name of a choice and the value it must have for this field to mean anything."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source: its configuration, and the form for it."""

    words: str
    config: ConfigClass
    fields: tuple[FormField, ...]

    @property
    def name(self) -> str:
        """The word by which files and rows of the record know it."""
        return str(self.config.model_fields["kind"].default)


def _share(value: float) -> str:
    return f"{value * 100:g} %"


def _pace(interval_s: float) -> str:
    return f"{60 / interval_s:.4g} parts per min" if interval_s else "as fast as it can"


_YES_NO = (Choice("False", "stop"), Choice("True", "begin again"))
_STILL = ("trigger.kind", "still")
_TRIGGER = (
    FormField(
        "trigger.kind",
        "a picture is taken",
        Entry.CHOICE,
        choices=(
            Choice(
                "every",
                "always",
                "Every picture is inspected while the engine keeps up; the others are skipped.",
            ),
            Choice(
                "demand",
                "on demand",
                "One picture for each press of the trigger key or button on the Inspect page.",
            ),
            Choice(
                "still",
                "part is still",
                "Waits for an empty place, then for a part that lies still, takes one picture, and "
                "waits until the part is gone. Open the source while the place is empty.",
            ),
        ),
    ),
    FormField("trigger.still_s", "still for", Entry.NUMBER, unit="s", half=True, only_with=_STILL),
    FormField(
        "trigger.motion",
        "moves from",
        Entry.NUMBER,
        unit="levels",
        half=True,
        only_with=_STILL,
    ),
    FormField(
        "trigger.presence",
        "part there from",
        Entry.NUMBER,
        unit="levels",
        half=True,
        only_with=_STILL,
    ),
)
_PATTERN = FormField(
    "part_pattern",
    "part id in the file name (regular expression)",
    hint="empty: the whole file name",
    wrong=r"needs one group, such as (part\d+)_",
)
_AS_IS = "as the driver has it"
_DRIVERS_UNIT = "as it is (driver's own unit)"
_DRIVERS = {
    "linux": (Choice("v4l2", "V4L2"),),
    "win32": (Choice("dshow", "DirectShow"), Choice("msmf", "Media Foundation")),
}.get(sys.platform, ())
"""Only what this system has."""

KINDS: tuple[SourceKind, ...] = (
    SourceKind(
        "Camera",
        CameraConfig,
        (
            FormField("device", "camera", Entry.DEVICE, hint="choose one, or type its number: 0"),
            FormField(
                "backend",
                "driver",
                Entry.CHOICE,
                choices=(Choice("auto", "choose for me"), *_DRIVERS),
            ),
            FormField("width", "width", Entry.NUMBER, unit="px", hint=_AS_IS, half=True),
            FormField("height", "height", Entry.NUMBER, unit="px", hint=_AS_IS, half=True),
            FormField("frames_per_s", "frames per s", Entry.NUMBER, hint=_AS_IS, half=True),
            FormField(
                "pixel_format",
                "pixel format",
                hint=_AS_IS,
                wrong="such as MJPG",
                half=True,
            ),
            FormField("exposure", "exposure", Entry.NUMBER, hint=_DRIVERS_UNIT, half=True),
            FormField("gain", "gain", Entry.NUMBER, hint=_DRIVERS_UNIT, half=True),
            *_TRIGGER,
        ),
    ),
    SourceKind(
        "Stream",
        StreamConfig,
        (
            FormField(
                "url",
                "address",
                hint="rtsp://name:password@host:554/path",
                wrong="begins with rtsp:// or http://",
            ),
            *_TRIGGER,
        ),
    ),
    SourceKind(
        "Video file",
        VideoConfig,
        (
            FormField("path", "video file", Entry.FILE),
            FormField("repeat", "after the last picture", Entry.CHOICE, choices=_YES_NO),
            *_TRIGGER,
        ),
    ),
    SourceKind(
        "Watched folder",
        FolderConfig,
        (
            FormField("path", "folder into which new pictures come", Entry.FOLDER),
            _PATTERN,
            FormField("poll_s", "between two looks", Entry.NUMBER, unit="s", half=True),
        ),
    ),
    SourceKind(
        "Replay",
        ReplayConfig,
        (
            FormField("path", "folder of pictures", Entry.FOLDER),
            _PATTERN,
            FormField(
                "interval_s",
                "between two pictures",
                Entry.NUMBER,
                unit="s",
                hint="0: as fast as it can",
                half=True,
            ),
            FormField("repeat", "after the last picture", Entry.CHOICE, choices=_YES_NO),
        ),
    ),
    SourceKind(
        "Simulator",
        SimulatorConfig,
        (
            FormField(
                "part",
                "part",
                Entry.CHOICE,
                choices=(
                    Choice("ring", "machined ring"),
                    Choice("board", "printed board"),
                    Choice("textile", "woven textile"),
                ),
            ),
            FormField(
                "interval_s",
                "line speed",
                Entry.STEPS,
                steps=(10, 5, 3, 2, 1.5, 1, 0.75, 0.5, 0.3, 0.2, 0.1, 0),
                shown=_pace,
            ),
            FormField(
                "defect_rate",
                "parts with a defect",
                Entry.STEPS,
                steps=(0, 0.01, 0.02, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5, 1),
                shown=_share,
            ),
            FormField(
                "strength",
                "strength of the defects",
                Entry.STEPS,
                steps=(0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4),
            ),
            FormField(
                "light_loss",
                "light that is missing",
                Entry.STEPS,
                steps=(0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1),
                shown=_share,
            ),
            FormField("seed", "seed of the line", Entry.NUMBER, half=True),
        ),
    ),
)
"""In the order of the page's keys. `SimulatorConfig.first` is the program's affair."""
