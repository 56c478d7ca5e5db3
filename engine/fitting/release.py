"""The way of a fit from its first step to the manifest."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

import numpy as np
import torch

from engine.calibration.held_out import draw_apart
from engine.components.backbone import Backbone, adapted_backbone, open_backbone
from engine.components.backends.choice import choose_backend
from engine.components.backends.places import home_of
from engine.components.out_of_memory import last_on_processor
from engine.errors import RecipeError
from engine.fitting.good_pictures import Looked, look, remember
from engine.fitting.limits import calibrate
from engine.fitting.sealing import blob_contents, reference_squares, sealed, versions
from engine.inspector import Eye
from engine.methods import METHODS
from engine.methods.base import HoldingOut
from engine.parameters import Parameters
from engine.picture_health.baseline import baseline
from engine.pictures import Picture, naming
from engine.preprocess import Preprocessing
from engine.pretraining.adaptation.adapt import Adaptation, adapt
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.proposed_size import adaptable, proposed_size
from engine.recipe import Recipe
from engine.releases.folder import FittedRelease
from engine.releases.manifest import (
    BackboneRecord,
    BackendRecord,
    Manifest,
    ReferenceRecord,
)
from engine.types import FitStep, Precision

FEWEST_PICTURES = 5
TOLERANCE = {Precision.FLOAT32: 2e-3, Precision.BFLOAT16: 2e-2, Precision.FLOAT16: 2e-2}
"""Of the reference check."""

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
    looked = yield from look(eye, pictures, spared_sha256)
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
    yield from remember(eye, looked, kept_apart)
    yield from eye.method.build(recipe.seed)
    limiting = _limiting(looked, adaptation, kept_apart)
    held_out = yield from eye.method.leave_one_out(limiting)
    rectangles = [looked.rectangles[number] for number in limiting]
    limits, calibration = yield from calibrate(eye, held_out, recipe, rectangles)
    squares = reference_squares(preprocessing.square(spared), preprocessing, recipe.seed)
    references = [eye.score(square) for square in squares]
    contents = blob_contents(eye, squares, references)
    blobs = yield from sealed(contents)
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
        versions=versions(backbone.backend),
        blobs=blobs,
    )
    return FittedRelease(
        manifest.sealed(), {blobs[name]: content for name, content in contents.items()}
    )


def _draw(seed: int, count: int) -> int:
    """Choose the picture that becomes the reference."""
    return int(np.random.default_rng(seed).integers(count))


def _limiting(
    looked: Looked, adaptation: Adaptation | None, kept_apart: frozenset[str]
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


def _settled(recipe: Recipe, backbone: Backbone) -> Parameters:
    return recipe.parameters.settled(backbone.name, adapted=backbone.is_adapted)
