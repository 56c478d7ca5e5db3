"""What can go wrong in the engine, sorted by whose fault it is.

Every message says what happened, to what, and what to do about it; it is shown to people as it is.
"""

from __future__ import annotations

from engine.types import HealthReading


class EngineError(Exception):
    """Root of all errors the engine raises on purpose; anything else is a bug."""


class SourceError(EngineError):
    """A source could not be opened or stopped delivering."""


class PictureError(SourceError):
    """One picture could not be read: the file is damaged, empty or of a foreign format."""


class UnfitPictureError(EngineError):
    """A picture that tells nothing about the part: too dark, out of focus, torn.

    Attributes
    ----------
    reading
        What was measured.
    """

    def __init__(self, sentence: str, reading: HealthReading) -> None:
        super().__init__(sentence)
        self.reading = reading


class WeightsError(EngineError):
    """Weights are missing, damaged, or do not belong to the chosen backbone."""


class ModelError(EngineError):
    """A release is damaged, tampered with, foreign, or does not reproduce its own scores."""


class BackendError(EngineError):
    """A back end is not there, or cannot compute a backbone.

    Its message is a clause: who tries back ends says which, and what to do.
    """


class RecipeError(EngineError):
    """A recipe or the pictures given for it cannot lead to a release."""


class OutOfMemoryError(RecipeError):
    """What a recipe or a release asks for needs more memory than the device has."""
