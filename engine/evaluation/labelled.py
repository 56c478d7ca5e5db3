"""Labelled pictures: which are good, which are defective, and where the defects are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture whose truth is known."""

    path: Path
    defect_class: str | None
    """None for a good picture."""
    mask: Path | None = None
    """Picture of the same size, not black where defective; None where there is none."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Good pictures to fit on, and labelled ones to test with; at least one good, one defective."""

    train_good: tuple[Path, ...]
    """Empty where the folder holds test pictures only."""
    test: tuple[LabelledPicture, ...]
    n_stray_masks: int = 0
    """Mask files that belong to no picture."""

    @property
    def has_masks(self) -> bool:
        """Whether any defect is marked, so that pixel figures can be given."""
        return any(picture.mask for picture in self.test)

    @property
    def classes(self) -> tuple[str, ...]:
        """The defect classes, in order of name."""
        return tuple(sorted({p.defect_class for p in self.test if p.defect_class is not None}))
