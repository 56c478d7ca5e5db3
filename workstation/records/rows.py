"""From what the engine found to the row that is kept, and the JSON columns there and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.types import Fault, HealthReading, Inspection, Origin, Region
from workstation.records.chain import storable_text
from workstation.records.tables import InspectionRow
from workstation.records.times import now_us, to_us
from workstation.records.words import Outcome


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a row says besides what the engine knows."""

    station: str
    lot: str
    recipe: str
    person: str


def row_of_inspection(
    inspection: Inspection, *, at: Circumstances, map_sha256: str | None
) -> InspectionRow:
    """Make the row of an inspection that ended with a verdict; number and place still missing.

    Raises
    ------
    ValueError
        The score is not a finite number.
    """
    row = _row(inspection.frame.origin, at, inspection.health)
    row.outcome = Outcome.of(inspection.verdict)
    row.score = float(inspection.score)
    if not abs(row.score) < float("inf"):
        raise ValueError(f"The score of part {row.part_id} is {row.score}, which is no score.")
    limits = inspection.limits
    row.t1, row.t2, row.pixel_limit = float(limits.t1), float(limits.t2), float(limits.pixel)
    row.release_id = inspection.release_id
    row.regions = regions_to_json(inspection.regions)
    row.stage_ms = stages_to_json(inspection.stage_ms)
    row.compact_map_sha256 = map_sha256
    return row


def row_of_fault(fault: Fault, *, at: Circumstances) -> InspectionRow:
    """Make the row of a part that could not be inspected; number and place still missing."""
    row = _row(fault.origin, at, fault.health)
    row.outcome = Outcome.FAULT
    row.fault_kind = fault.kind
    row.fault_reason = fault.reason
    row.release_id = fault.release_id
    return row


def regions_to_json(regions: Sequence[Region]) -> str:
    """Write regions as a JSON list of objects."""
    return to_json([asdict(region) for region in regions])


def regions_from_json(text: str | None) -> tuple[Region, ...]:
    """Read what `regions_to_json` wrote; none for None."""
    return tuple(Region(**values) for values in json.loads(text or "[]"))


def stages_to_json(stage_ms: Mapping[str, float]) -> str:
    """Write the milliseconds per stage, to the microsecond."""
    return to_json({stage: round(float(ms), 3) for stage, ms in stage_ms.items()})


def health_to_json(health: HealthReading | None) -> str | None:
    """Write a reading as a JSON object, to six digits; a number that is none becomes null.

    A picture all black has no finite distance from the good ones, and must be recorded all the
    more.
    """
    if health is None:
        return None
    return to_json(
        {
            "values": {name: _six_digits(value) for name, value in health.values.items()},
            "sigmas": {name: _six_digits(value) for name, value in health.sigmas.items()},
            "warning": health.warning,
        }
    )


def health_from_json(text: str | None) -> HealthReading | None:
    """Read what `health_to_json` wrote; null becomes NaN."""
    if text is None:
        return None
    read = json.loads(text)
    return HealthReading(
        values={name: _number(value) for name, value in read["values"].items()},
        sigmas={name: _number(value) for name, value in read["sigmas"].items()},
        warning=read["warning"],
    )


def to_json(value: Any) -> str:
    """Write JSON that every reader understands: numbers that are none are refused.

    Raises
    ------
    ValueError
        A number is NaN or infinite.
    TypeError
        A value is of a type that JSON does not have.
    """
    return json.dumps(
        value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_plain
    )


def _six_digits(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _plain(value: Any) -> Any:
    """Give the Python number inside a numpy one."""
    if callable(getattr(value, "item", None)):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be kept in the record.")


def _row(origin: Origin, at: Circumstances, health: HealthReading | None) -> InspectionRow:
    file = origin.file
    return InspectionRow(
        station=at.station,
        taken_at=to_us(origin.taken_at),
        recorded_at=now_us(),
        source=origin.source,
        part_id=origin.part_id,
        frame_number=origin.number,
        attempt=origin.attempt,
        simulated=origin.simulated,
        lot=at.lot,
        recipe=at.recipe,
        person=at.person,
        source_sha256=origin.sha256,
        file_path=storable_text(file.path) if file else None,
        file_size=file.size if file else None,
        file_mtime_ns=file.mtime_ns if file else None,
        health=health_to_json(health),
    )
