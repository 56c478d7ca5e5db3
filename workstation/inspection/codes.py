"""What a scanned code stands for: a part, a lot or a badge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from workstation.settings import BADGE_CODES, LOT_CODES, Settings


class CodeKind(StrEnum):
    """What bears the code."""

    PART = "part"
    LOT = "lot"
    BADGE = "badge"


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was understood."""

    kind: CodeKind
    text: str
    """The pattern's first group where it has one, else the whole code."""


@dataclass(frozen=True, slots=True)
class CodePatterns:
    """Regular expressions that must match a whole code; badge before lot before part."""

    badge: str = BADGE_CODES
    lot: str = LOT_CODES
    part: str | None = None
    """None: whatever is neither badge nor lot."""

    @classmethod
    def of(cls, settings: Settings) -> CodePatterns:
        """Take the station's patterns."""
        return cls(
            badge=settings.badge_code_pattern,
            lot=settings.lot_code_pattern,
            part=settings.part_code_pattern,
        )

    def read(self, scanned: str, *, lot_asked: bool = False) -> Code | None:
        """Tell what a code stands for; None for one that nobody knows.

        Parameters
        ----------
        lot_asked
            True while a person was asked for a lot: then a code that is nothing else is the lot.
        """
        for kind, pattern in (
            (CodeKind.BADGE, self.badge),
            (CodeKind.LOT, self.lot),
            (CodeKind.PART, self.part),
        ):
            found = None if pattern is None else re.fullmatch(pattern, scanned)
            if found is not None:
                group = found.group(1) if found.re.groups else None
                return Code(kind, (group or scanned).strip())
        if lot_asked:
            return Code(CodeKind.LOT, scanned)
        return Code(CodeKind.PART, scanned) if self.part is None else None
