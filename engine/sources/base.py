"""What every source offers: configurations people can write down, and one short, polite grab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.recipe import checked_part_pattern
from engine.types import Fault, FileKey, Frame

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


class SimulatorConfig(_Config):
    """The built-in line: procedural parts, some with defects."""

    kind: Literal["simulator"] = "simulator"
    part: Literal["ring"] = "ring"
    seed: int = 0
    interval_s: float = Field(default=1.0, ge=0)
    defect_rate: float = Field(default=0.12, ge=0, le=1)
    strength: float = Field(default=2.0, gt=0)
    """Contrast and area of the drawn defects; 1 is hard to see, 2 is plain to a person. See
    ``engine.synthetic.parts.defects``."""
    first: int = Field(default=1, ge=1)
    """Number of the first part, so that a line that goes on repeats no part id."""


SourceConfig: TypeAlias = Annotated[
    FolderConfig | ReplayConfig | SimulatorConfig, Field(discriminator="kind")
]


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

    def status(self) -> SourceStatus:
        """Say how the source is doing."""
        ...

    def close(self) -> None:
        """Give back threads, handles and devices; harmless when called twice."""
        ...
