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
    SIMULATOR_ADJUSTED = "simulator adjusted"
    ENGINE_HUNG = "engine hung"
    MANY_ALARMS = "many alarms"
    """Too many of the last parts were NG, REVIEW or fault."""
    LIGHT_WARNED = "light warned"
    """The pictures drift away from the good ones in light or focus."""
    BADGE_SCANNED = "badge scanned"
    SOUND_MUTED = "sound muted"
    """Or is to be heard again; the detail says which."""
    FAULT_REPEATED = "fault repeated"
    """A fault of a part that already stands in the record; the detail names the inspection."""
    SCHEMA_MIGRATED = "schema migrated"
    REINDEXED = "reindexed"


class NotInspectingReason(StrEnum):
    """Why the station stood still."""

    STOPPED = "stopped"
    """By a person, or after the number of parts that was asked for."""
    LOCKED = "locked"
    NO_SOURCE = "no source"
    """None is chosen, or the camera, stream or folder is lost."""
    NO_RELEASE = "no release"
    """None is active, or one is being fitted."""
    NO_RECORD = "no record"
    """Nothing could be written down, so no part was taken."""
    ENGINE_FAULT = "engine fault"
    """The engine hung or failed."""
    NOT_RUNNING = "not running"
    """The program was closed or killed, or the computer was off."""
