"""What every source offers: configurations people can write down, and one short, polite grab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.recipe import checked_part_pattern
from engine.types import Fault, FileKey, Frame, Image, Origin

AlreadySeen: TypeAlias = Callable[[FileKey], bool]
"""Asks the record whether this very file (path, size, mtime) was taken before."""

PartPattern: TypeAlias = Annotated[str, AfterValidator(checked_part_pattern)]
"""Regular expression whose first group in the file name is the part id."""


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FolderConfig(_Config):
    """A watched folder, local or on a network share: new pictures are inspected once each."""

    kind: Literal["folder"] = "folder"
    path: Path
    part_pattern: PartPattern | None = None
    """None: the part id is the file name."""
    poll_s: float = Field(default=2.0, gt=0)
    """Seconds between two looks at the folder."""


class ReplayConfig(_Config):
    """A folder of pictures shown again from the start; has no key in the record."""

    kind: Literal["replay"] = "replay"
    path: Path
    part_pattern: PartPattern | None = None
    interval_s: float = Field(default=0.0, ge=0)
    """Seconds from one picture to the next; 0: as fast as they are asked for."""
    repeat: bool = False
    """Begin again after the last picture."""


class EveryFrame(_Config):
    """Inspect the newest frame whenever the engine is free; the others are skipped."""

    kind: Literal["every"] = "every"


class OnDemand(_Config):
    """Inspect one frame per trigger: a key, a button on the page, later a signal of the line."""

    kind: Literal["demand"] = "demand"


class PartIsStill(_Config):
    """Wait for empty, wait until the picture is stable and sharp, take one, wait until it is gone.

    "Empty" is what the camera saw when the source was opened, followed slowly as the light changes.
    """

    kind: Literal["still"] = "still"
    still_s: float = Field(default=0.3, gt=0)
    """Seconds for which the picture must not move."""
    motion: float = Field(default=2.0, gt=0)
    """Mean change of grey level since the part came to rest above which it moves, 0 to 255; what
    the sensor's noise changes is added."""
    presence: float = Field(default=6.0, gt=0)
    """Mean change of grey level from the empty picture above which a part is there, 0 to 255; what
    the sensor's noise changes is added."""


TriggerPolicy: TypeAlias = Annotated[
    EveryFrame | OnDemand | PartIsStill, Field(discriminator="kind")
]


class CameraConfig(_Config):
    """A camera of the operating system: V4L2 on Linux, DirectShow or Media Foundation on Windows.

    What is None stays as the driver has it.
    """

    kind: Literal["camera"] = "camera"
    device: str = Field(default="0", min_length=1)
    """The stable name that `list_cameras` gives, such as ``/dev/v4l/by-id/…``; or an index."""
    backend: Literal["auto", "v4l2", "dshow", "msmf"] = "auto"
    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)
    frames_per_s: float | None = Field(default=None, gt=0)
    pixel_format: str | None = Field(default=None, min_length=4, max_length=4)
    """Four-character code, such as MJPG or YUYV."""
    exposure: float | None = None
    """In the driver's own unit; automatic exposure is switched off where the driver allows."""
    gain: float | None = None
    """In the driver's own unit."""
    trigger: TriggerPolicy = EveryFrame()


class StreamConfig(_Config):
    """A network camera or video server: RTSP or HTTP."""

    model_config = ConfigDict(hide_input_in_errors=True)  # an address mistyped has a password too

    kind: Literal["stream"] = "stream"
    url: str = Field(pattern=r"^(rtsps?|https?)://", repr=False)
    """May hold name and password; they are left out of every sentence."""
    trigger: TriggerPolicy = EveryFrame()


class VideoConfig(_Config):
    """A video file, played at its own speed like a camera."""

    kind: Literal["video"] = "video"
    path: Path
    repeat: bool = False
    """Begin again after the last frame."""
    trigger: TriggerPolicy = EveryFrame()


class SimulatorConfig(_Config):
    """The built-in line: procedural parts, some with defects."""

    kind: Literal["simulator"] = "simulator"
    part: Literal["ring", "board", "textile"] = "ring"
    seed: int = 0
    interval_s: float = Field(default=1.0, ge=0)
    defect_rate: float = Field(default=0.12, ge=0, le=1)
    strength: float = Field(default=2.0, gt=0)
    """Contrast and area of the drawn defects; 1 is hard to see, 2 is plain to a person. See
    ``engine.synthetic.parts.graded``."""
    light_loss: float = Field(default=0.0, ge=0, le=1)
    """Share of the light that is missing: 0 as set up, 1 switched off."""
    first: int = Field(default=1, ge=1)
    """Number of the first part, so that a line that goes on repeats no part id."""


SourceConfig: TypeAlias = Annotated[
    FolderConfig | ReplayConfig | CameraConfig | StreamConfig | VideoConfig | SimulatorConfig,
    Field(discriminator="kind"),
]


@dataclass(frozen=True, slots=True)
class PartName:
    """What the record says a camera's part is called."""

    part_id: str
    attempt: int
    """1, or one more than the record holds for this part id."""


NamePart: TypeAlias = Callable[[str | None, datetime], PartName]
"""Asks the record for the name of a camera's part, from the code scanned for it (None: none was,
so it becomes station-date-number) and the time at which it was taken."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What a source can say of itself at any time, without touching the disk."""

    name: str
    """Such as ``simulator`` or ``folder``; the same word as in `Origin.source`."""
    sentence: str
    """For people: "Watching /data/line1, 3 pictures waiting."."""
    healthy: bool
    """False while the source cannot deliver (folder gone, share unreachable)."""
    waiting: int = 0
    """Pictures known and not yet taken."""
    skipped: int = 0
    """Camera frames overwritten before they were taken."""
    late: int = 0
    """Triggers that had to wait for an earlier one."""
    frames_per_s: float | None = None
    """What the camera delivers; None for sources that are no camera."""
    empty: bool = False
    """True when all was looked through since the last picture and nothing new was there; more may
    come (a watched folder whose files are all taken)."""
    exhausted: bool = False
    """True when no further picture can ever come (a replay at its end)."""


class Source(Protocol):
    """A place frames come from. Used from the worker thread only."""

    def grab(self) -> Frame | Fault | None:
        """Take the next picture for inspection; None when none is ready now.

        Returns quickly (the decoding of one picture at most). Every picture taken is returned
        exactly once: as a frame, or as a fault where it cannot be decoded.

        Raises
        ------
        SourceError
            The source is lost; `grab` may be called again and recovers by itself when it can.
        """
        ...

    def take_again(self, origin: Origin, attempt: int) -> None:
        """Let the next `grab` take this part once more, as `attempt`.

        Raises
        ------
        SourceError
            It cannot come again; the sentence says why.
        """
        ...

    def preview(self) -> Image | None:
        """Show what the source sees, for setting it up; takes nothing, None when there is none."""
        ...

    def status(self) -> SourceStatus:
        """Say how the source is doing."""
        ...

    def close(self) -> None:
        """Give back threads, handles and devices; harmless when called twice."""
        ...
