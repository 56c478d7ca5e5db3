"""The closed sets of words that stand in the record."""

from __future__ import annotations

from enum import StrEnum

from engine.types import Verdict


class Outcome(StrEnum):
    """How the inspection of a part ended: a verdict of the engine, or a fault."""

    OK = "OK"
    REVIEW = "REVIEW"
    NG = "NG"
    FAULT = "fault"

    @classmethod
    def of(cls, verdict: Verdict) -> Outcome:
        """Give the outcome that is this verdict."""
        return cls(verdict.value)


class FeedbackVerdict(StrEnum):
    """What a person said of a part."""

    OK = "OK"
    NG = "NG"
    UNSURE = "unsure"


class PictureState(StrEnum):
    """What became of a picture that should be kept."""

    SAFE = "safe"
    LOST = "lost"


class EventKind(StrEnum):
    """What happened at the station, apart from parts and feedback."""

    STARTED = "started"
    STOPPED = "stopped"
    LOT_CHANGED = "lot changed"
    LIMIT_CHANGED = "limit changed"
    SOURCE_CHANGED = "source changed"
    RECIPE_CHANGED = "recipe changed"
    RELEASE_ACTIVATED = "release activated"
    DEVICE_CHANGED = "device changed"
    ENGINE_HUNG = "engine hung"
    FAULT_REPEATED = "fault repeated"
    """A fault of a part that already stands in the record; the detail names the inspection."""
    SCHEMA_MIGRATED = "schema migrated"
    REINDEXED = "reindexed"
