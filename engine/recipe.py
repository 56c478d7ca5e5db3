"""All settings for one part type: what is looked at, how, and the rule by which it is judged."""

from __future__ import annotations

import re
from typing import Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from engine.parameters import OwnParameters, own_parameters
from engine.types import BackendName, MethodName, Precision

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (x, y) in source pixels; pixel (0, 0) covers the square from (0, 0) to (1, 1)."""

Size: TypeAlias = int | tuple[int, int]
"""Side of a square, or (height, width), in pixels of what the backbone sees."""

DEADLINE_SHARE = 0.8
"""Share of the takt in which a verdict must be there, so that the reject output can still act."""

USUAL_PX = 224
_EFFICIENTNET = re.compile(r"(?:tf_)?efficientnet_b([0-7])(?![0-9])")
_EFFICIENTNET_PX = (224, 240, 260, 300, 380, 456, 528, 600)
"""Sizes for which EfficientNet B0 to B7 were made."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Roi(_Settings):
    """The rectangle that is inspected, in source pixels."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class Masks(_Settings):
    """Polygons in source pixels: inside any `include` (if any) and outside all `exclude`."""

    include: tuple[Polygon, ...] = ()
    exclude: tuple[Polygon, ...] = ()

    @field_validator("include", "exclude")
    @classmethod
    def _have_area(cls, polygons: tuple[Polygon, ...]) -> tuple[Polygon, ...]:
        for polygon in polygons:
            if len(polygon) < 3:
                raise ValueError(
                    f"A polygon needs at least 3 corners, this one has {len(polygon)}."
                )
        return polygons


class Rule(_Settings):
    """How score and regions lead to a verdict (architecture: Numbers that must mean one thing)."""

    kind: Literal["score", "score or region", "score and region"] = "score"
    min_region_px: float = Field(default=0.0, ge=0)
    """Area in source pixels squared from which a region counts for the two region rules."""


class Recipe(_Settings):
    """What a fit is told. Everything in it that can change a verdict is frozen into the release."""

    part: str = "part"
    method: MethodName = MethodName.PATCHCORE
    parameters: OwnParameters = own_parameters()
    """The method's own record; left out: its defaults."""
    backbone: str = "builtin"
    """`builtin` (the best one shipped), `gabor`, `learned`, or the name of a timm CNN."""
    weights: str = "builtin"
    """`builtin`, `timm` (download, only when asked), or the path of a .pth/.safetensors file; for
    `learned`, one that `loupe pretrain` wrote. The
    name of imported weights is turned into their path before it comes here."""
    layers: tuple[str, ...] = ()
    """Layer names of the backbone, or strides such as "8"; empty: the backbone's own default."""
    backend: BackendName | Literal["auto"] = BackendName.TORCH
    """What computes the backbone; `auto`: the fastest on the PC of the fit."""
    precision: Precision = Precision.FLOAT32
    """Of the numbers inside the backbone, in fit and inspection alike."""
    adapt_minutes: float | None = Field(default=None, gt=0)
    """Adapt the backbone to the part for about so long; None: see `adapt_steps`."""
    adapt_steps: int | None = Field(default=None, ge=1)
    """Adapt the backbone in so many steps; None: see `adapt_minutes`. Both None: not at all."""
    size: Size | Literal["auto"] = Field(
        default_factory=lambda data: usual_size(data.get("backbone", ""))
    )
    """What the inspected rectangle is stretched to; `auto`: the fit proposes the side of a square;
    left out: the backbone's own."""
    roi: Roi | None = None
    """None: the whole picture."""
    masks: Masks = Masks()
    rule: Rule = Rule()
    false_alarm_rate: float = Field(default=0.01, gt=0, lt=0.5)
    """Stated share of good parts that may be NG; the rate of REVIEW and NG together is twice it."""
    takt_s: float | None = Field(default=None, gt=0)
    """Seconds from one part to the next; None: the line waits for the verdict."""
    deadline_ms: float | None = Field(default=None, gt=0)
    """Milliseconds after which a verdict is a fault; None: see `verdict_within_ms`."""
    part_pattern: str | None = None
    """Regular expression; pictures with the same first group are one part and are held out
    together. None: every picture is a part of its own."""
    seed: int = Field(default=0, ge=0)

    @property
    def adapts(self) -> bool:
        """Whether the backbone is to be adapted to the part."""
        return self.adapt_minutes is not None or self.adapt_steps is not None

    @property
    def verdict_within_ms(self) -> float | None:
        """The deadline: as set, else 80 % of the takt; None where neither is set."""
        if self.deadline_ms is not None or self.takt_s is None:
            return self.deadline_ms
        return DEADLINE_SHARE * self.takt_s * 1e3

    @model_validator(mode="after")
    def _regions_need_a_map(self) -> Self:
        if self.rule.kind != "score" and not self.parameters.has_map:
            raise ValueError(
                f"The rule {self.rule.kind!r} looks at regions of the map, and {self.method} has "
                "no map. Use the rule 'score', or another method."
            )
        return self

    @field_validator("size")
    @classmethod
    def _is_a_whole_size(
        cls, size: Size | Literal["auto"], info: ValidationInfo
    ) -> Size | Literal["auto"]:
        if size == "auto" or size == usual_size(info.data.get("backbone", "")):
            return size
        height, width = (size, size) if isinstance(size, int) else size
        for side in (height, width):
            if side % 32 or not 64 <= side <= 2048:
                raise ValueError(f"a multiple of 32 from 64 to 2048, or auto, not {side}.")
        return height if height == width else (height, width)

    @field_validator("part_pattern")
    @classmethod
    def _compiles_with_a_group(cls, pattern: str | None) -> str | None:
        return None if pattern is None else checked_part_pattern(pattern)

    @model_validator(mode="after")
    def _weights_fit_backbone(self) -> Self:
        if self.backbone in ("builtin", "gabor") and self.weights != "builtin":
            raise ValueError(
                f"The backbone {self.backbone!r} has its own weights; use --weights builtin, "
                "or name a timm backbone."
            )
        return self

    @model_validator(mode="after")
    def _adapted_by_one_of_two(self) -> Self:
        if self.adapt_minutes is not None and self.adapt_steps is not None:
            raise ValueError("Give either the minutes of an adaptation or its steps, not both.")
        square = self.size == "auto" or (isinstance(self.size, int) and not self.size % 32)
        if self.adapts and not square:
            raise ValueError(
                "The backbone is adapted to squares only, of a side divisible by 32. Give such a "
                "number as --size, or leave out --adapt and --adapt-steps."
            )
        return self


def usual_size(backbone: str) -> int:
    """Give the side in pixels of the pictures a backbone was made for; 224 of all but a few."""
    efficientnet = _EFFICIENTNET.match(backbone)
    return USUAL_PX if efficientnet is None else _EFFICIENTNET_PX[int(efficientnet[1])]


def checked_part_pattern(pattern: str) -> str:
    """Give `pattern` back when it is a regular expression with a group; else raise ValueError."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(
            f"The part pattern {pattern!r} is no regular expression: {error}."
        ) from error
    if groups < 1:
        raise ValueError(f"The part pattern {pattern!r} needs one group, such as '(part\\d+)_'.")
    return pattern


def part_of(name: str, pattern: str | None) -> str:
    """Give the part id of a picture: the pattern's first group in `name`, else `name` itself."""
    match = re.search(pattern, name) if pattern else None
    return match.group(1) if match and match.group(1) else name
