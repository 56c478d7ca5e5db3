"""What a release is: everything that decides a verdict, as one JSON document with its own hash."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import ModelError
from engine.parameters import OwnParameters
from engine.picture_health.baseline import HealthBaseline
from engine.preprocess import Preprocessing
from engine.recipe import Rule
from engine.types import BackendName, Limits, MethodName, Precision

FORMAT_VERSION = 2
"""2: the baseline of picture health holds distances, and knows torn and moved pictures."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BackboneRecord(_Record):
    """The real name, layers and weights behind what the recipe asked for."""

    name: str
    layers: tuple[str, ...]
    weights_origin: str
    weights_sha256: str


class BackendRecord(_Record):
    """What computed the backbone at the fit, and is to compute it since."""

    name: BackendName = BackendName.TORCH
    latency_ms: dict[BackendName, float] = Field(default_factory=dict)
    """Of one picture through each that was measured, on the machine of the fit; empty where the
    recipe named one."""


class AdaptationFigures(_Record):
    """What was held out of an adaptation, searched in the same small bank."""

    good_scores: tuple[float, ...]
    """Raw scores of the good pictures held out."""
    image_auroc: dict[str, float]
    """By kind of damage drawn into them that the adaptation never learned from."""

    @property
    def mean_auroc(self) -> float:
        """Over the kinds."""
        return sum(self.image_auroc.values()) / len(self.image_auroc)


class AdaptationRecord(_Record):
    """How the backbone was adapted to the part, or why it was not."""

    kept: bool
    """False: it did not help, and the release is as if it had not been asked for."""
    steps: int
    """``--adapt-steps`` with this number gives the same head."""
    best_step: int
    """The head is the one after so many steps, the last that ranked as well as any; 0: none was
    better than the untrained one."""
    share: float = 1.0
    """Of that head's correction that is made; 1 in releases older than this entry."""
    minutes: float | None
    """As asked for; None where the steps were given."""
    seconds: float
    seed: int
    n_learned_from: int
    """Good pictures that damage was drawn into."""
    held_out: tuple[str, ...]
    """Groups of good pictures that were not learned from; where `kept`, the limits come from
    these alone."""
    without: AdaptationFigures
    history: tuple[tuple[int, float], ...]
    """Mean image AUROC of the head after so many steps, each time it was ranked."""
    adapted: AdaptationFigures
    """After `best_step` steps, or after all where none was better than without."""


class SizeTrial(_Record):
    """How one size ranked damage drawn into good pictures held out."""

    size: int
    image_auroc: float
    """Mean over the kinds of damage."""
    standard_error: float
    """Of how far it lies behind the best size."""
    latency_ms: float
    """Of backbone and search, on the machine of the fit."""


class SizeRecord(_Record):
    """Why the size was chosen, where the program was asked to."""

    chosen: int
    n_held_out: int
    adapted: bool
    """Whether each size was ranked after a short adaptation to it."""
    trials: tuple[SizeTrial, ...]


class CalibrationRecord(_Record):
    """Where the limits come from."""

    false_alarm_rate: float
    scores: tuple[float, ...]
    """Held-out raw scores of the good pictures `Manifest.held_out`, in their order."""
    map_peaks: tuple[float, ...]
    """Largest value of each held-out shown map; empty where the method has no map."""
    n_alarms: int
    alarm_rate_95: tuple[float, float]


class ReferenceRecord(_Record):
    """Scores the release must reproduce before it may judge; the pictures are in a blob."""

    scores: tuple[float, float, float]
    """Of one good picture and of the same one with two different drawn defects."""
    tolerance: float
    """The release refuses where |Δ| > tolerance × max(score, T2)."""


class PictureRecord(_Record):
    """One picture the release was fitted on."""

    name: str
    sha256: str
    group: str


class Manifest(_Record):
    """All that can change a verdict, frozen; `id` is a hash of everything else in it."""

    format: Literal["loupe release"] = "loupe release"
    version: int = FORMAT_VERSION
    id: str = ""
    created_at: datetime
    parent: str | None = None
    """Id of the release this one was made from by moving its limits."""
    reason: str
    person: str
    part: str
    method: MethodName
    parameters: OwnParameters
    """Those of the method."""
    backbone: BackboneRecord
    preprocessing: Preprocessing
    rule: Rule
    limits: Limits
    fitted_limits: Limits
    """As calibrated by the fit; equal to `limits` until a person moves them."""
    calibration: CalibrationRecord
    picture_health: HealthBaseline
    proposed_size: SizeRecord | None = None
    """None where the recipe gave the size."""
    adaptation: AdaptationRecord | None = None
    """None where none was asked for."""
    reference: ReferenceRecord
    deadline_ms: float | None = None
    """None: an inspection may take as long as it takes."""
    backend: BackendRecord = BackendRecord()
    precision: Precision = Precision.FLOAT32
    """Of the numbers inside the backbone; maps, bank and search are float32 in any case."""
    pictures: tuple[PictureRecord, ...]
    """Those it was fitted on and those its limits come from, but for the reference."""
    kept_apart: tuple[str, ...] = ()
    """Groups of good pictures that a method which learns did not learn from; empty for a method
    that can hold out each picture in turn."""
    part_pattern: str | None
    seed: int
    versions: dict[str, str]
    blobs: dict[str, str] = Field(default_factory=dict)
    """Name to SHA-256 of a safetensors file: ``method``, ``references``, ``weights``."""

    @property
    def has_map(self) -> bool:
        """Whether the method tells where on a picture the anomaly is."""
        return bool(self.calibration.map_peaks)

    def sealed(self) -> Self:
        """Give the manifest with its `id`."""
        return self.model_copy(update={"id": self.hash()})

    def with_limits(self, limits: Limits, *, reason: str, person: str) -> Self:
        """Give the sealed manifest of a release with other limits and this one as its parent."""
        moved = {
            "created_at": datetime.now(UTC),
            "parent": self.id,
            "limits": limits,
            "reason": reason,
            "person": person,
        }
        return self.model_copy(update=moved).sealed()

    @property
    def held_out(self) -> tuple[PictureRecord, ...]:
        """The pictures whose scores are in `calibration`, in their order."""
        groups = set(self.kept_apart)
        if self.adaptation is not None and self.adaptation.kept:
            groups = set(self.adaptation.held_out)
        return tuple(it for it in self.pictures if it.group in groups) if groups else self.pictures

    @property
    def fitted_on(self) -> tuple[PictureRecord, ...]:
        """The pictures whose scores would flatter it: they are in its memory, or it learned."""
        apart = set(self.kept_apart)
        return tuple(picture for picture in self.pictures if picture.group not in apart)

    def hash(self) -> str:
        """Give the first 16 hex digits of the SHA-256 of the canonical text without `id`."""
        content = self.model_dump(mode="json", exclude={"id"})
        # Releases from before there were these keep their ids.
        if self.adaptation is None:
            del content["adaptation"]
        if not self.kept_apart:
            del content["kept_apart"]
        if self.backend == BackendRecord():
            del content["backend"]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def to_bytes(self) -> bytes:
        """Give the JSON text people can read."""
        return (self.model_dump_json(indent=1) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str) -> Self:
        """Read and check a manifest.

        Raises
        ------
        ModelError
            It is damaged, of a newer version, of another program, or changed after it was sealed.
        """
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ModelError(
                f"The manifest of {where} is damaged: it is no JSON. Import the release again."
            ) from error
        if not isinstance(content, dict) or content.get("format") != "loupe release":
            raise ModelError(f"{where} holds no Loupe release. Choose a release folder.")
        if content.get("version") != FORMAT_VERSION:
            raise ModelError(
                f"The release {where} has format {content.get('version')}; this version of Loupe "
                f"reads format {FORMAT_VERSION}. Update Loupe, or fit the release again."
            )
        try:
            manifest = cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ModelError(
                f"The manifest of {where} is damaged at {place!r}: {first['msg']}. "
                "Import the release again."
            ) from error
        if manifest.hash() != manifest.id:
            raise ModelError(
                f"The manifest of {where} was changed after it was written: its content has hash "
                f"{manifest.hash()}, its id is {manifest.id}. Import the release again."
            )
        return manifest
