"""What one sets a camera up by: focus and light of a live picture beside the good ones. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from math import asinh

from engine.errors import RecipeError
from engine.picture_health.baseline import HealthBaseline
from engine.picture_health.measure import PictureHealth, measure_health
from engine.picture_health.numbers import COMPARISONS, FAULT, WARNING, HealthNumber
from engine.picture_health.reading import read_health
from engine.preprocess import Mask, Preprocessing
from engine.recipe import Roi
from engine.types import Image

FAR_SIGMAS = 60.0
"""A distance at the end of a gauge; a lens that is far out of focus is that far away."""
SIDE_WITHOUT_RELEASE = 256


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number of the live picture, and where it stands."""

    words: str
    """The number as people read it."""
    usual: str = ""
    """The same of the good pictures; empty where no release says."""
    place: float | None = None
    """From 0 (far below) over 0.5 (as in the good pictures) to 1 (far above); None: no release."""
    warned: bool = False
    faulty: bool = False
    """Nothing would be judged."""


@dataclass(frozen=True, slots=True)
class LiveNumbers:
    """What was measured on one live picture."""

    focus: Gauge
    sharpness: float
    """As in `engine.picture_health.measure.PictureHealth`; for keeping the best."""
    light: Gauge
    clipped: Gauge
    sentence: str
    """What is wrong with the picture and what to do; empty where nothing is."""
    rectangle: Roi | None
    """What is inspected, in pixels of this picture; None where the recipe does not fit it."""


def place_of(sigmas: float) -> float:
    """Give the place of a distance on a gauge: even near the middle, ever closer far away."""
    return 0.5 + 0.5 * max(-1.0, min(1.0, asinh(sigmas) / asinh(FAR_SIGMAS)))


class SetUp:
    """Measures live pictures as the active release would before it judges."""

    def __init__(
        self, preprocessing: Preprocessing | None = None, baseline: HealthBaseline | None = None
    ) -> None:
        """Take what a release holds; without one the whole picture is measured by itself."""
        self._recipe = preprocessing or Preprocessing(size=SIDE_WITHOUT_RELEASE)
        self._whole = Preprocessing(size=self._recipe.size)
        self._baseline = baseline
        self._counted: Mask | None = None
        self._inside: Mask | None = None
        if self._recipe.source_size is not None:
            rectangle = self._recipe.rectangle(*self._recipe.source_size)
            self._counted = self._recipe.counted(*self._recipe.shape)
            self._inside = self._recipe.counted(rectangle.height, rectangle.width)

    def measure(self, image: Image) -> LiveNumbers:
        """Measure an (H, W, 3) uint8 RGB picture; one of another size than the recipe's, whole."""
        try:
            rectangle = self._recipe.rectangle(*image.shape[:2])
        except RecipeError as error:
            health = self._health(image, self._whole)
            return _numbers(health, self._baseline, sentence=str(error), rectangle=None)
        health = self._health(image, self._recipe)
        return _numbers(health, self._baseline, sentence="", rectangle=rectangle)

    def _health(self, image: Image, cut: Preprocessing) -> PictureHealth:
        masked = cut is self._recipe
        return measure_health(
            image,
            cut.square(image),
            cut.rectangle(*image.shape[:2]),
            counted=self._counted if masked else None,
            inside=self._inside if masked else None,
        )


def _numbers(
    health: PictureHealth,
    baseline: HealthBaseline | None,
    *,
    sentence: str,
    rectangle: Roi | None,
) -> LiveNumbers:
    reading = None if baseline is None else read_health(health, baseline)
    sigmas = {} if reading is None else reading.sigmas
    return LiveNumbers(
        focus=_gauge(health, HealthNumber.SHARPNESS, baseline, sigmas.get("sharpness")),
        sharpness=health.sharpness,
        light=_gauge(health, HealthNumber.BRIGHTNESS, baseline, sigmas.get("brightness")),
        clipped=_gauge(health, HealthNumber.CLIPPED, baseline, sigmas.get("clipped")),
        sentence=sentence or ("" if reading is None else reading.warning),
        rectangle=rectangle,
    )


def _gauge(
    health: PictureHealth,
    name: HealthNumber,
    baseline: HealthBaseline | None,
    sigmas: float | None,
) -> Gauge:
    comparison = COMPARISONS[name]
    words = comparison.text(getattr(health, name))
    if baseline is None or sigmas is None:
        return Gauge(words)
    side = comparison.low if sigmas < 0 else comparison.high
    far = 0.0 if side is None else abs(sigmas)
    return Gauge(
        words=words,
        usual=comparison.text(comparison.unscale(baseline.usual[name].mean)),
        place=place_of(sigmas),
        warned=far >= WARNING,
        faulty=far >= FAULT and side is not None and side.faults,
    )
