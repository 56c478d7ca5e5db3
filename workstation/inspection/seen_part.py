"""A part as the page holds it: live from the engine, or looked up in the record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from engine.recipe import Roi
from engine.types import Fault, Image, Inspection, Limits, Origin, Region, ShownMap
from workstation.records.parts import RecordedPart
from workstation.records.words import Outcome
from workstation.widgets.marks import Sign
from workstation.widgets.overlay import ShownPart
from workstation.widgets.qimages import shrunk

KEPT_PX = 1280
"""Longer side of the pictures held for looking again; the live one has all its pixels."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class SeenPart:
    """One part on the page."""

    inspection_id: int
    """0 for a fault that could not even be recorded."""
    origin: Origin
    outcome: Outcome
    score: float | None = None
    limits: Limits | None = None
    picture: Image | None = None
    """None where there is none, or while it has not been read from the archive."""
    source_size: tuple[int, int] = (1, 1)
    """Width and height of the source picture in pixels."""
    shown_map: ShownMap | None = None
    """None for a part of the record, which keeps the compact map only."""
    regions: tuple[Region, ...] = ()
    reason: str = ""
    """Of a fault; empty otherwise."""
    cut_out: bool = False
    """True where only the inspected square crossed over from a hurried engine, not the picture."""

    @classmethod
    def of_inspection(cls, inspection_id: int, inspection: Inspection) -> SeenPart:
        """Take over what the engine found."""
        frame, shown_map = inspection.frame, inspection.shown_map
        cut_out = (
            shown_map is not None
            and frame.image.shape[:2] == shown_map.shape
            and frame.original is None
        )
        return cls(
            inspection_id,
            frame.origin,
            Outcome.of(inspection.verdict),
            score=inspection.score,
            limits=inspection.limits,
            picture=frame.image,
            source_size=(frame.image.shape[1], frame.image.shape[0]),
            shown_map=shown_map,
            regions=inspection.regions,
            cut_out=cut_out,
        )

    @classmethod
    def of_fault(cls, inspection_id: int, fault: Fault) -> SeenPart:
        """Take over a part that could not be inspected."""
        image = None if fault.frame is None else fault.frame.image
        return cls(
            inspection_id,
            fault.origin,
            Outcome.FAULT,
            picture=image,
            source_size=(1, 1) if image is None else (image.shape[1], image.shape[0]),
            reason=fault.reason,
        )

    @classmethod
    def of_record(cls, part: RecordedPart) -> SeenPart:
        """Take over a part of the record, as yet without its picture."""
        # The record does not keep the number within an opening of the source; none has 0.
        origin = Origin(
            part.source,
            part.part_id,
            part.taken_at,
            number=0,
            simulated=part.simulated,
            sha256=None,
            file=part.file,
            attempt=part.attempt,
        )
        return cls(
            part.id,
            origin,
            part.outcome,
            score=part.score,
            limits=part.limits,
            regions=part.regions,
            reason=part.fault_reason or "",
        )

    @property
    def part_id(self) -> str:
        """What the part is called."""
        return self.origin.part_id

    @property
    def taken_at(self) -> datetime:
        """When its picture was taken, UTC."""
        return self.origin.taken_at

    @property
    def simulated(self) -> bool:
        """True for a part that was drawn."""
        return self.origin.simulated

    @property
    def name(self) -> str:
        """Its id, and the attempt where it is not the first."""
        attempt = self.origin.attempt
        return self.part_id if attempt == 1 else f"{self.part_id}  attempt {attempt}"

    @property
    def short_name(self) -> str:
        """The same for narrow places."""
        attempt = self.origin.attempt
        return self.part_id if attempt == 1 else f"{self.part_id} ({attempt})"

    def comes_after(self, other: SeenPart) -> bool:
        """Tell whether this is a later attempt at the other part."""
        mine, its = self.origin, other.origin
        same = (mine.source, mine.part_id) == (its.source, its.part_id)
        return same and mine.attempt > its.attempt

    @property
    def sign(self) -> Sign:
        """The mark of its outcome."""
        return Sign.FAULT if self.outcome is Outcome.FAULT else Sign(self.outcome.value)

    def kept(self) -> SeenPart:
        """Give the same part with a picture small enough to be held for long."""
        if self.picture is None or max(self.picture.shape[:2]) <= KEPT_PX:
            return self
        return replace(self, picture=shrunk(self.picture, longest=KEPT_PX))

    def with_picture(self, image: Image) -> SeenPart:
        """Give the same part with the picture that was read from the archive."""
        return replace(
            self,
            picture=shrunk(image, longest=KEPT_PX),
            source_size=(image.shape[1], image.shape[0]),
        )

    def shown(self, roi: Roi | None) -> ShownPart | None:
        """Give what a view needs; None without a picture."""
        if self.picture is None:
            return None
        size = self.source_size
        if self.cut_out and roi is not None:
            # The square is the stretched rectangle: shown in the rectangle's own shape.
            size, roi = (roi.width, roi.height), None
        clock = self.taken_at.astimezone().strftime("%H:%M:%S")
        return ShownPart(
            self.picture,
            *size,
            self.shown_map,
            1.0 if self.limits is None else self.limits.pixel,
            roi if self.outcome is not Outcome.FAULT else None,
            self.regions,
            caption=f"part {self.name}   {self.outcome.value}   {clock}",
        )
