"""The words of the trade: what the engine takes in and gives out. Read-only, no Qt, no database.

Sign rule, stated once: scores rise with abnormality; a part is NG when ``score > T2``; raising a
limit means fewer NG, less overkill and more escapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

CompactMap: TypeAlias = NDArray[np.float32]
"""(h, w) float32 anomaly map at feature resolution; NaN where nothing was inspected."""

ShownMap: TypeAlias = NDArray[np.float32]
"""(S, T) float32 enlarged and blurred anomaly map; NaN where nothing was inspected."""


class Verdict(StrEnum):
    """What the station says of a part. A failure is a fault, never a verdict."""

    OK = "OK"
    REVIEW = "REVIEW"
    NG = "NG"


class MethodName(StrEnum):
    """The one-class methods, as written in recipes, manifests and on the command line."""

    PATCHCORE = "patchcore"
    MAHALANOBIS = "mahalanobis"
    PADIM = "padim"
    SPADE = "spade"
    CFA = "cfa"
    RECONPATCH = "reconpatch"


class SearchName(StrEnum):
    """How the nearest of many remembered patches are found."""

    EXACT = "exact"
    """All of them, in float32."""
    FLAT = "flat"
    """The same by the library faiss."""
    SCREENED = "screened"
    """In bfloat16, and in float32 what that cannot rule out; where the processor multiplies no
    bfloat16 numbers it is `exact`."""
    IVFPQ = "ivfpq"
    """By faiss among coded patches, the best 8 in float32: fast for large banks, not exact."""


class BackendName(StrEnum):
    """Libraries that compute a backbone's feature maps, as written in recipes and manifests."""

    TORCH = "torch"
    OPENVINO = "openvino"
    """On processors only."""


class Precision(StrEnum):
    """Of the numbers inside a backbone; its feature maps are float32 in any case."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    """Three digits; where the processor or GPU has it."""
    FLOAT16 = "float16"
    """GPUs only."""


@dataclass(frozen=True, slots=True)
class ComputedBy:
    """What computes a release on this PC, in words."""

    place: str
    """Such as ``openvino in float32 on cpu``."""
    fitted_with: str
    """Such as ``openvino in float32``."""
    note: str
    """Why it is not computed as it was fitted, and what to do; empty where it is."""


class EngineState(StrEnum):
    """State of the engine, in the words of OPC 40100-1 (Machine Vision), state machine of §8."""

    PREOPERATIONAL = "Preoperational"
    """Nothing is opened yet, or no source is chosen: nothing can be inspected."""
    HALTED = "Halted"
    """The engine was shut down and takes no further command."""
    ERROR = "Error"
    """The source is lost or the record cannot be written: a person must act."""
    INITIALIZED = "Initialized"
    """A source is open; no release is loaded, or one is being fitted."""
    READY = "Ready"
    """Source and release are there and the line is stopped."""
    SINGLE_EXECUTION = "SingleExecution"
    """A number of parts that was asked for is inspected, then the line stops."""
    CONTINUOUS_EXECUTION = "ContinuousExecution"
    """Parts are inspected as they come."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """What makes a file the same file: a changed one is a new part, an unchanged one is not."""

    path: str
    """Absolute path as text."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change, integer nanoseconds since 1970 (``os.stat``)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a picture came from; known even when it could not be decoded."""

    source: str
    """Name of the source, such as ``folder`` or ``simulator``."""
    part_id: str
    taken_at: datetime
    """UTC, timezone-aware."""
    number: int
    """Running number of the picture within this opening of the source, from 1; 0: none was taken
    of this part."""
    simulated: bool
    sha256: str | None
    """Hex SHA-256 of the file's bytes (for pictures without a file: shape and raw RGB); None when
    the bytes could not be read."""
    file: FileKey | None = None
    """None for pictures that never were a file, and for replays, which may come again."""
    attempt: int = 1
    """1 for the first inspection of this part, 2 when a person asked for another, and so on."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class Frame:
    """One picture as it came, taken for inspection."""

    image: Image
    """(H, W, 3) uint8 RGB, read-only."""
    origin: Origin
    original: bytes | None = field(default=None, repr=False)
    """The file's bytes as found, so that the archive keeps what was seen; None without a file."""
    captured_s: float | None = None
    """`time.monotonic` when a camera delivered it; None for others, whose age does not matter."""

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(
                f"A frame's image is (H, W, 3) uint8 RGB, "
                f"not {self.image.shape} {self.image.dtype}."
            )
        self.image.flags.writeable = False


class FaultKind(StrEnum):
    """Which part of the station could not do its work."""

    PICTURE = "picture"
    """The picture could not be read or decoded, or the camera gave none."""
    HEALTH = "health"
    """The picture is not like the good ones in light, focus or wholeness: nothing can be told."""
    TRIGGER = "trigger"
    """A picture was asked for while too many were waiting."""
    LATE = "late"
    """The verdict came after the deadline; the part has moved on."""
    ENGINE = "engine"
    """The inspection failed or hung."""
    RECORD = "record"
    """The verdict could not be written down, so it must not be announced."""


@dataclass(frozen=True, slots=True)
class HealthReading:
    """How far one picture is from the good pictures of the release, apart from any anomaly."""

    values: Mapping[str, float]
    """What was measured by name, in the units of `engine.picture_health.measure.PictureHealth`."""
    sigmas: Mapping[str, float]
    """The same as signed distances from the release's baseline, in its standard deviations."""
    warning: str = ""
    """A sentence for people where a distance is beyond the warning limit; else empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """A part that was taken for inspection and could not be inspected: no verdict, never OK."""

    origin: Origin
    kind: FaultKind
    reason: str
    """A sentence for people: what happened, to what, and what to do."""
    release_id: str | None = None
    """The release in use; None when none was loaded."""
    frame: Frame | None = None
    """The picture, where there is one."""
    original: bytes | None = field(default=None, repr=False)
    """The bytes of a file that could not be decoded; None where they could not be read."""
    health: HealthReading | None = None
    """None where no picture was measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a method says of a batch of B pictures, before any limit is applied.

    Attributes
    ----------
    image
        (B,) float32, raw, higher = more abnormal.
    map
        (B, h, w) float32 at feature resolution, before enlarging and blur; None where the method
        has no map. Cells outside the inspected region are NaN.
    """

    image: NDArray[np.float32]
    map: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers above which something follows. ``score`` and map are different scales."""

    t1: float
    """Review limit: above it a part is REVIEW."""
    t2: float
    """Reject limit: above it a part is NG; ``t1 <= t2``."""
    pixel: float
    """Limit of the shown map: above it a spot belongs to a region; anchors the heatmap. 0 where
    the method has no map."""

    def __post_init__(self) -> None:
        if not (np.isfinite([self.t1, self.t2, self.pixel]).all() and 0 <= self.t1 <= self.t2):
            raise ValueError(f"Limits must be finite with 0 <= T1 <= T2, not {self}.")

    def moved_to(self, t2: float) -> Limits:
        """Give the limits with T2 at `t2`, T1 and the pixel limit moved in the same ratio."""
        ratio = t2 / self.t2
        # Where T1 equals T2, the product's rounding must not lift it above.
        return Limits(t1=min(self.t1 * ratio, t2), t2=t2, pixel=self.pixel * ratio)


@dataclass(frozen=True, slots=True)
class Region:
    """A connected part of the shown map above the pixel limit, in source pixels."""

    x: int
    y: int
    width: int
    height: int
    area_px: float
    """Area in source pixels squared."""
    peak: float
    """Largest value of the shown map inside, on the map's scale."""
    peak_x: int
    peak_y: int


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """What the engine found on one frame, and what follows from it."""

    frame: Frame
    score: float
    """Raw image score."""
    map: CompactMap | None
    """(h, w) float32 compact map; None for a method without one."""
    shown_map: ShownMap | None
    """(S, T) float32, made from `map`; for the screen, never stored."""
    regions: tuple[Region, ...]
    limits: Limits
    verdict: Verdict
    release_id: str
    stage_ms: Mapping[str, float]
    """Milliseconds per stage: preprocess, method, map, judge."""
    health: HealthReading | None = None
    """None for a release without a baseline."""

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the decoded frame to the verdict."""
        return sum(self.stage_ms.values())


@dataclass(frozen=True, slots=True)
class FitStep:
    """One short step of a fit, told between two frames."""

    stage: str
    """What is happening, in words a person reads."""
    done: int
    total: int
    seconds_left: float | None
    """None while nothing can be said yet."""
    notice: str = ""
    """A sentence for people that must not pass with this step; mostly empty."""

    @property
    def fraction(self) -> float:
        """Share of the stage that is done, 0 to 1."""
        return self.done / self.total if self.total else 1.0
