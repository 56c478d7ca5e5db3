"""Good pictures to a release: look, remember, hold out, calibrate, seal; in short steps."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.calibration import count_alarms, limits_from, rate_interval
from engine.calibration.held_out import draw_apart
from engine.components.backbone import Backbone, adapted_backbone, open_backbone
from engine.components.backends.choice import choose_backend
from engine.components.backends.places import home_of
from engine.components.coreset import STEP_S
from engine.components.out_of_memory import last_on_processor, twice
from engine.components.spill import check_room
from engine.device import memory_bytes
from engine.errors import OutOfMemoryError, RecipeError
from engine.inspector import Eye
from engine.methods import METHODS
from engine.methods.base import Fetching, HoldingOut, shape_of
from engine.parameters import Parameters
from engine.picture_health.baseline import baseline, is_black
from engine.picture_health.measure import PictureHealth
from engine.pictures import Picture, naming
from engine.preprocess import Preprocessing
from engine.pretraining.adaptation.adapt import Adaptation, adapt
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.proposed_size import adaptable, proposed_size
from engine.recipe import Recipe, Roi
from engine.regions import find_regions
from engine.releases.blobs import Content, content_of, pieces_of
from engine.releases.folder import FittedRelease
from engine.releases.manifest import (
    BackboneRecord,
    BackendRecord,
    CalibrationRecord,
    Manifest,
    PictureRecord,
    ReferenceRecord,
)
from engine.synthetic.defects import Shape, draw_defect
from engine.types import BackendName, FitStep, Image, Limits, Precision, Region, Scores

FEWEST_PICTURES = 5
TOLERANCE = {Precision.FLOAT32: 2e-3, Precision.BFLOAT16: 2e-2, Precision.FLOAT16: 2e-2}
"""Of the reference check."""

Result = TypeVar("Result")

FitSteps: TypeAlias = Generator[FitStep, None, FittedRelease]


def fit(
    recipe: Recipe,
    pictures: Sequence[Picture],
    *,
    device: str = "auto",
    person: str = "local",
    reason: str = "fitted",
) -> FitSteps:
    """Fit a release; run it to its end, or close the generator to cancel: nothing is left behind.

    Where a GPU that was not asked for by name has too little memory, the fit begins anew on the
    processor, and a step's notice says so.

    One picture, chosen by the seed, stays out of the bank with all its copies: it becomes the
    release's reference. All others enter the bank, and the limits come from scoring each of them
    without its group; where the backbone was adapted or the method learns, only each of those that
    were kept from it.

    Yields
    ------
    FitStep
        About every 50 ms. Not split are opening the backbone and reading the reference picture,
        OpenVINO's translation of the backbone (1 to 2 s), the decoding and forward pass of one
        picture, and the end: scoring the three reference squares and putting bank and weights into
        blobs of up to a gigabyte.

    Returns
    -------
    FittedRelease
        Ready to be written by ``write_release`` or ``Library.add``.

    Raises
    ------
    OutOfMemoryError
        There is too little memory, whatever is tried.
    RecipeError
        Too few pictures or parts, a black picture, a ROI that does not fit them, a backbone or
        layers that cannot be adapted, or a back end that is not there or cannot compute them.
    PictureError
        A picture cannot be read.
    WeightsError
        The weights cannot be had.
    """
    if len(pictures) < FEWEST_PICTURES:
        raise RecipeError(
            f"A fit needs at least {FEWEST_PICTURES} good pictures; there are {len(pictures)}. "
            "Add pictures; 50 or more make limits that can be defended."
        )
    fit_on = partial(_fitted_on, recipe, pictures, person=person, reason=reason)
    return (yield from last_on_processor(fit_on, device=device))


def _fitted_on(
    recipe: Recipe, pictures: Sequence[Picture], device: str, *, person: str, reason: str
) -> FitSteps:
    yield FitStep("Opening the backbone", 0, 1, None)
    chosen = home_of(recipe.backend, device)
    backbone = open_backbone(
        recipe.backbone,
        weights=recipe.weights,
        layers=recipe.layers,
        strides=METHODS[recipe.method].strides,
        device=chosen,
    )
    if recipe.adapts:
        stack = adaptable(recipe)
    drawn = pictures[_draw(recipe.seed, len(pictures))]
    spared, spared_sha256 = drawn.load()
    proposed = None
    if recipe.size == "auto":
        proposed = yield from proposed_size(recipe, pictures, spared_sha256, device=chosen)
        recipe = recipe.model_copy(update={"size": proposed.chosen})
    with naming(drawn):
        preprocessing = Preprocessing.of(recipe, spared)
    eye = _eye(recipe, backbone, preprocessing, chosen)
    looked = yield from _look(eye, pictures, spared_sha256)
    kept_apart: frozenset[str] = frozenset()
    if isinstance(eye.method, HoldingOut):
        kept_apart = draw_apart(looked.groups, seed=recipe.seed, method=eye.method.title)
    adaptation = None
    if recipe.adapts:
        adaptation = yield from adapt(
            looked.squares,
            looked.groups,
            preprocessing,
            AdaptationPlan(seed=recipe.seed),
            stack=stack.network.to(chosen),
            minutes=recipe.adapt_minutes,
            steps=recipe.adapt_steps,
            device=chosen,
        )
        if adaptation.record.kept:
            backbone = adapted_backbone(stack, adaptation.head, device=chosen)
    backend = yield from choose_backend(
        backbone,
        recipe.backend,
        recipe.precision,
        preprocessing.tensor(looked.squares[0][None], chosen),
        device=chosen,
    )
    backbone = backend.backbone
    eye = _eye(recipe, backbone, preprocessing, chosen)
    yield from _remember(eye, looked, kept_apart)
    yield from eye.method.build(recipe.seed)
    limiting = _limiting(looked, adaptation, kept_apart)
    held_out = yield from eye.method.leave_one_out(limiting)
    rectangles = [looked.rectangles[number] for number in limiting]
    limits, calibration = yield from _calibrate(eye, held_out, recipe, rectangles)
    squares = _reference_squares(preprocessing.square(spared), preprocessing, recipe.seed)
    references = [eye.score(square) for square in squares]
    contents = _contents(eye, squares, references)
    blobs = yield from _sealed(contents)
    manifest = Manifest(
        created_at=datetime.now(UTC),
        reason=reason,
        person=person,
        part=recipe.part,
        method=recipe.method,
        parameters=_settled(recipe, backbone),
        backbone=BackboneRecord(
            name=backbone.name,
            layers=backbone.layers,
            weights_origin=backbone.weights_origin,
            weights_sha256=backbone.weights_sha256,
        ),
        backend=BackendRecord(
            name=backbone.backend,
            latency_ms={name: round(ms, 2) for name, ms in backend.latency_ms.items()},
        ),
        precision=backbone.precision,
        preprocessing=preprocessing,
        rule=recipe.rule,
        deadline_ms=recipe.verdict_within_ms,
        limits=limits,
        fitted_limits=limits,
        calibration=calibration,
        picture_health=baseline(looked.health),
        proposed_size=proposed,
        adaptation=None if adaptation is None else adaptation.record,
        reference=ReferenceRecord(
            scores=tuple(float(found.image[0]) for found in references),
            tolerance=TOLERANCE[backbone.precision],
        ),
        pictures=tuple(looked.records),
        kept_apart=tuple(sorted(kept_apart)),
        part_pattern=recipe.part_pattern,
        seed=recipe.seed,
        versions=_versions(backbone.backend),
        blobs=blobs,
    )
    return FittedRelease(
        manifest.sealed(), {blobs[name]: content for name, content in contents.items()}
    )


@dataclass(eq=False)
class _Looked:
    """What reading the pictures once leaves behind; the first three of all but the spared one."""

    records: list[PictureRecord] = field(default_factory=list)
    rectangles: list[Roi] = field(default_factory=list)
    squares: list[Image] = field(default_factory=list)
    health: list[PictureHealth] = field(default_factory=list)

    @property
    def groups(self) -> list[str]:
        """The part each picture shows."""
        return [record.group for record in self.records]

    def numbers_of(self, groups: frozenset[str]) -> list[int]:
        """Give the numbers of the pictures of some groups."""
        return [number for number, group in enumerate(self.groups) if group in groups]


def _draw(seed: int, count: int) -> int:
    """Choose the picture that becomes the reference."""
    return int(np.random.default_rng(seed).integers(count))


def _look(
    eye: Eye, pictures: Sequence[Picture], spared_sha256: str
) -> Generator[FitStep, None, _Looked]:
    """Read every picture."""
    looked = _Looked()
    by_content: dict[str, str] = {}
    began = time.monotonic()
    for done, picture in enumerate(pictures, start=1):
        image, sha256 = picture.load()
        with naming(picture):
            square = eye.preprocessing.square(image)
            rectangle = eye.preprocessing.rectangle(*image.shape[:2])
        looked.health.append(_measured(eye, picture, image, square))
        if sha256 != spared_sha256:
            # The same picture twice would vouch for itself when one of the two is held out.
            group = by_content.setdefault(sha256, picture.group)
            looked.records.append(PictureRecord(name=picture.name, sha256=sha256, group=group))
            looked.rectangles.append(rectangle)
            looked.squares.append(square)
        left = (time.monotonic() - began) / done * (len(pictures) - done)
        yield FitStep("Looking at the good pictures", done, len(pictures), left)
    if len(set(looked.groups)) < 2:
        raise RecipeError(
            "All pictures belong to one part, so none can be held out. "
            "Add pictures of other parts, or change the part pattern."
        )
    return looked


def _remember(
    eye: Eye, looked: _Looked, kept_apart: frozenset[str]
) -> Generator[FitStep, None, None]:
    """Put what the backbone gives of every picture into the method's memory.

    Raises
    ------
    OutOfMemoryError
        The fit needs more memory than there is.
    RecipeError
        It needs more disk than there is.
    """
    shapes = [shape_of(level) for level in eye.levels(looked.squares[0])]
    if isinstance(eye.method, Fetching):
        check_room(eye.method.fit_disk_bytes(shapes, len(looked.squares)))
    need_gb = eye.method.fit_bytes(shapes, len(looked.squares)) / 1e9
    have_gb = memory_bytes(eye.device) / 1e9
    if need_gb > have_gb:
        raise OutOfMemoryError(
            f"A fit of {eye.method.title} to {len(looked.squares)} pictures needs {need_gb:.1f} GB "
            f"of memory; there are {have_gb:.1f} GB. Choose fewer pictures, a smaller size, "
            "coarser layers or another method."
        )
    if isinstance(eye.method, HoldingOut):
        eye.method.hold_out(looked.numbers_of(kept_apart))
    stage = f"Taking the good pictures in; the fit needs {need_gb:.1f} GB"
    groups = {group: number for number, group in enumerate(dict.fromkeys(looked.groups))}
    began = time.monotonic()
    total = len(looked.squares)
    for number, (square, group) in enumerate(zip(looked.squares, looked.groups, strict=True)):
        levels = twice(partial(eye.levels, square), what=f"look at {looked.records[number].name}")
        with torch.inference_mode():
            eye.method.collect(levels, picture=number, group=groups[group])
        left = (time.monotonic() - began) / (number + 1) * (total - number - 1)
        yield FitStep(stage, number + 1, total, left)
    looked.squares.clear()


def _limiting(
    looked: _Looked, adaptation: Adaptation | None, kept_apart: frozenset[str]
) -> Sequence[int]:
    """Give the numbers of the pictures from which the limits come: those new to all that learned.

    An adaptation draws by the same rule and seed, so the pictures kept from both are the same.
    """
    if adaptation is not None and adaptation.record.kept:
        return looked.numbers_of(frozenset(adaptation.record.held_out))
    return looked.numbers_of(kept_apart) if kept_apart else range(len(looked.records))


def _eye(
    recipe: Recipe, backbone: Backbone, preprocessing: Preprocessing, device: torch.device
) -> Eye:
    method = METHODS[recipe.method](_settled(recipe, backbone), preprocessing)
    return Eye(preprocessing, backbone, method, device)


def _measured(eye: Eye, picture: Picture, image: Image, square: Image) -> PictureHealth:
    health = eye.health(image, square)
    if is_black(health):
        raise RecipeError(
            f"{picture.name}: The picture is black, so it shows no good part. Take it out."
        )
    return health


def _in_steps(
    stage: str, work: Iterable[Result], total: int
) -> Generator[FitStep, None, list[Result]]:
    """Take what `work` makes one by one, and yield whenever a step's time is over."""
    results: list[Result] = []
    began = looked = time.monotonic()
    yield FitStep(stage, 0, total, None)
    for result in work:
        results.append(result)
        now = time.monotonic()
        if now - looked >= STEP_S:
            left = (now - began) / len(results) * (total - len(results))
            yield FitStep(stage, len(results), total, left)
            looked = time.monotonic()
    return results


def _calibrate(
    eye: Eye, held_out: Scores, recipe: Recipe, rectangles: Sequence[Roi]
) -> Generator[FitStep, None, tuple[Limits, CalibrationRecord]]:
    if held_out.map is None:
        limits = limits_from(held_out.image, None, recipe.false_alarm_rate)
        return limits, _calibrated(held_out, None, [()] * len(held_out.image), recipe, limits)
    total, enlarger = len(held_out.map), eye.enlarger(held_out.map.shape[1:])
    highest = (np.nanmax(enlarger(compact)) for compact in held_out.map)
    peaks = np.array((yield from _in_steps("Placing the limits", highest, total)), np.float32)
    limits = limits_from(held_out.image, peaks, recipe.false_alarm_rate)
    # Kept, the shown maps could fill gigabytes. Only the few that rise above the pixel limit are
    # made again: the others have no regions.
    found = (
        find_regions(enlarger(compact), limits.pixel, rectangle) if peak > limits.pixel else ()
        for compact, peak, rectangle in zip(held_out.map, peaks, rectangles, strict=True)
    )
    regions = yield from _in_steps("Counting the false alarms", found, total)
    return limits, _calibrated(held_out, peaks, regions, recipe, limits)


def _calibrated(
    held_out: Scores,
    peaks: NDArray[np.float32] | None,
    regions: Sequence[tuple[Region, ...]],
    recipe: Recipe,
    limits: Limits,
) -> CalibrationRecord:
    alarms = count_alarms(held_out.image, regions, limits=limits, rule=recipe.rule)
    return CalibrationRecord(
        false_alarm_rate=recipe.false_alarm_rate,
        scores=tuple(map(float, held_out.image)),
        map_peaks=() if peaks is None else tuple(map(float, peaks)),
        n_alarms=alarms,
        alarm_rate_95=rate_interval(alarms, len(held_out.image)),
    )


def _reference_squares(good: Image, preprocessing: Preprocessing, seed: int) -> NDArray[np.uint8]:
    """Give (3, S, T, 3): a good picture, and the same with two different drawn defects."""
    region = preprocessing.counted(*good.shape[:2])
    drawn = [
        draw_defect(good, np.random.default_rng(seed), shape=shape, region=region)[0]
        for shape in (Shape.SCRATCH, Shape.SPOT)
    ]
    return np.stack([good, *drawn])


def _contents(
    eye: Eye, squares: NDArray[np.uint8], references: Sequence[Scores]
) -> dict[str, Content]:
    """Give the safetensors files of a release by name; empty ones are left out."""
    kept = {"squares": torch.from_numpy(squares)}
    maps = [found.map[0] for found in references if found.map is not None]
    if maps:
        kept["maps"] = torch.from_numpy(np.stack(maps))
    tensors = {"method": eye.method.state(), "weights": eye.backbone.state(), "references": kept}
    return {name: content_of(state) for name, state in tensors.items() if state}


def _sealed(contents: Mapping[str, Content]) -> Generator[FitStep, None, dict[str, str]]:
    """Give the SHA-256 of each blob."""
    found: dict[str, str] = {}
    for name, content in contents.items():
        sha256 = hashlib.sha256()
        for piece in pieces_of(content):
            sha256.update(piece)
            yield FitStep("Sealing the release", len(found), len(contents), None)
        found[name] = sha256.hexdigest()
    return found


def _settled(recipe: Recipe, backbone: Backbone) -> Parameters:
    return recipe.parameters.settled(backbone.name, adapted=backbone.is_adapted)


def _versions(backend: BackendName) -> dict[str, str]:
    packages = {"loupe", "torch", "timm", "numpy", "opencv-python-headless", backend.value}
    found = {name: version(name) for name in sorted(packages)}
    return {"python": platform.python_version(), **found}
