"""What this station is set to: a file people may edit; no bad value in it stops the start."""

from __future__ import annotations

import json
import re
from datetime import time
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from engine.sources.base import SourceConfig
from workstation.whole_file import whole_file


class ShiftSpan(BaseModel):
    """A named span of the local day; it may reach over midnight, equal ends mean the whole day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    start: time
    end: time


BADGE_CODES = r"(?i)badge[-:/ ](.+)"
LOT_CODES = r"(?i)lot[-:/ ](.+)"
DEFAULT_SHIFTS = (
    ShiftSpan(name="06-14", start=time(6), end=time(14)),
    ShiftSpan(name="14-22", start=time(14), end=time(22)),
    ShiftSpan(name="22-06", start=time(22), end=time(6)),
)


class Settings(BaseModel):
    """One station's settings. Keys this version does not know are kept and written back."""

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_inf_nan="constants")

    station: str = Field(default="station-1", min_length=1)
    """Name of this station; every row of the record bears it, and each has a chain of its own."""
    database_url: str | None = None
    """SQLAlchemy URL of the record; None: the embedded database in the data folder."""
    shifts: tuple[ShiftSpan, ...] = DEFAULT_SHIFTS
    """Together they cover the local day without gap or overlap."""
    source: SourceConfig | None = None
    """The last source; None before the first one was chosen."""
    release_id: str | None = None
    """The active release; None before the first one was activated."""
    running: bool = False
    """Whether the line was running, so that a restart resumes it."""
    lot: str = ""
    """The lot being made; empty: none was named."""
    recipe: str = ""
    """Part name of the recipe in use."""
    badge_code_pattern: str = BADGE_CODES
    """Regular expression for the whole of a scanned badge; its first group, if any, is what
    counts. A code is compared with badge, lot and part in this order."""
    lot_code_pattern: str = LOT_CODES
    """The same for a lot."""
    part_code_pattern: str | None = None
    """The same for a part; None: every code that is neither badge nor lot."""
    alarm_parts: int = Field(default=10, ge=1)
    """How many of the last parts are looked at for many alarms."""
    alarm_limit: int = Field(default=5, ge=1)
    """So many of them not OK, or all of them, raise a message that asks for somebody."""
    alarm_stops: bool = False
    """Whether that stops the line too."""
    sounds_on: bool = True
    """Whether NG, fault and a lost source are heard."""
    heatmap_on: bool = True
    heatmap_opacity: float = Field(default=0.6, ge=0, le=1)
    heatmap_colours: Literal["inferno", "cividis"] = "inferno"

    @field_validator("badge_code_pattern", "lot_code_pattern", "part_code_pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    @field_validator("shifts")
    @classmethod
    def _cover_the_day(cls, shifts: tuple[ShiftSpan, ...]) -> tuple[ShiftSpan, ...]:
        ordered = sorted(shifts, key=lambda span: span.start)
        starts = [span.start for span in ordered]
        follows = [span.end for span in ordered] == [*starts[1:], *starts[:1]]
        if not ordered or not follows or len(set(starts)) < len(starts):
            raise ValueError(
                "shifts must cover the day without gap or overlap: each ends when the next begins"
            )
        return shifts

    def changed(self, **changes: Any) -> Self:
        """Give the settings with `changes`, checked like the file.

        Raises
        ------
        pydantic.ValidationError
            A new value is not allowed.
        TypeError
            There is no such setting.
        """
        if unknown := changes.keys() - type(self).model_fields.keys():
            raise TypeError(f"There is no setting named {', '.join(sorted(unknown))}.")
        return self.model_validate({**dict(self), **changes})


def load_settings(path: Path) -> tuple[Settings, list[str]]:
    """Read the settings; whatever is wrong in them falls back to its default.

    Returns
    -------
    settings
        Defaults where the file is missing.
    warnings
        A sentence for people per thing that could not be used; the file as it was is kept beside
        it with the ending ``.bad.json``.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [f"{path} cannot be read ({error}); the default settings are used."]
    except UnicodeDecodeError:
        return Settings(), [_nothing_usable(path)]
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return Settings(), [_nothing_usable(path)]
    warnings: list[str] = []
    while True:
        try:
            settings = Settings.model_validate(values)
            break
        except ValidationError as error:
            bad = {str(problem["loc"][0]): problem["msg"] for problem in error.errors()}
        for name, reason in bad.items():
            warnings.append(f"The setting {name!r} is not usable ({reason}); the default is used.")
            del values[name]
    if warnings:
        warnings.append(_kept(path))
    return settings, warnings


def save_settings(settings: Settings, path: Path) -> None:
    """Write the settings whole or not at all.

    Raises
    ------
    OSError
        The file cannot be written; the former one is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(settings.model_dump_json(indent=2).encode() + b"\n")


def _nothing_usable(path: Path) -> str:
    return f"{path} holds no settings; the defaults are used. {_kept(path)}"


def _kept(path: Path) -> str:
    """Keep the file as it was, before the next save replaces it, and say so."""
    bad = path.with_name(f"{path.stem}.bad.json")
    try:
        bad.write_bytes(path.read_bytes())
    except OSError as error:
        return f"The former file could not be kept ({error})."
    return f"The former file is kept as {bad}."
