"""What the page needs to know of the release that judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.picture_health.baseline import HealthBaseline
from engine.recipe import Roi
from engine.types import Limits

if TYPE_CHECKING:  # importing it for real would load torch into every test of the page
    from engine.releases.folder import Release


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release, as shown to the operator."""

    release_id: str
    recipe: str
    """Part name of the recipe it was fitted for."""
    limits: Limits
    fitted_t2: float
    """Reject limit as calibration found it, before anybody moved it."""
    roi: Roi | None
    """None: the whole picture."""
    health: HealthBaseline | None = None
    """What is usual of the pictures."""
    has_map: bool = True
    """False: its method scores whole pictures, so nothing can be shown on them."""


def describe_release(release: Release) -> ReleaseFacts:
    """Take the facts from a release's manifest."""
    manifest = release.manifest
    return ReleaseFacts(
        release_id=release.id,
        recipe=manifest.part,
        limits=manifest.limits,
        fitted_t2=manifest.fitted_limits.t2,
        roi=manifest.preprocessing.roi,
        health=manifest.picture_health,
        has_map=manifest.has_map,
    )
