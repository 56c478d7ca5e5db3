"""A fit's question which size to look in, asked of some of its pictures in the largest one."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch

from engine.components.backbone import open_base
from engine.components.built_in import OpenStack
from engine.errors import RecipeError
from engine.methods.patchcore import bank_rows
from engine.parameters import PatchCoreParameters
from engine.pictures import Picture, naming
from engine.preprocess import Preprocessing
from engine.pretraining.adaptation import sizes
from engine.pretraining.adaptation.held_out import evenly
from engine.recipe import Recipe
from engine.releases.manifest import SizeRecord
from engine.types import FitStep


def proposed_size(
    recipe: Recipe, pictures: Sequence[Picture], spared_sha256: str, *, device: torch.device
) -> Generator[FitStep, None, SizeRecord]:
    """Propose a size for a recipe that leaves it open.

    Parameters
    ----------
    spared_sha256
        Of the picture that becomes the reference: it is not looked at.

    Raises
    ------
    RecipeError
        Too few parts, a picture that does not fit the recipe, or no damage that shows.
    PictureError
        A picture cannot be read.
    """
    own = recipe.parameters
    share = own.coreset if isinstance(own, PatchCoreParameters) else None
    largest = recipe.model_copy(update={"size": sizes.SIZES[-1]})
    some = [pictures[number] for number in evenly(len(pictures), sizes.MOST_PICTURES)]
    squares, groups = [], []
    by_content: dict[str, str] = {}
    preprocessing = None
    for done, picture in enumerate(some, start=1):
        image, sha256 = picture.load()
        if sha256 != spared_sha256:
            with naming(picture):
                preprocessing = preprocessing or Preprocessing.of(largest, image)
                squares.append(preprocessing.square(image))
            groups.append(by_content.setdefault(sha256, picture.group))
        yield FitStep("Looking at some pictures in every size", done, len(some), None)
    if preprocessing is None:
        raise RecipeError("All pictures are the same one. Add pictures of other parts.")
    return (
        yield from sizes.propose_size(
            squares,
            groups,
            preprocessing,
            n_good=len(pictures) - 1,
            stack=adaptable(recipe).network.to(device),
            adapts=recipe.adapts,
            bank_rows=lambda patches: bank_rows(patches, share),
            seed=recipe.seed,
            device=device,
        )
    )


def adaptable(recipe: Recipe) -> OpenStack:
    """Open the network that a metric head is to stand on.

    Raises
    ------
    RecipeError
        The recipe asks for layers that no head gives, or the backbone lacks those below it.
    WeightsError
        Its weights cannot be had.
    """
    if set(recipe.layers) - {"8", "stride8"}:
        raise RecipeError(
            f"An adapted backbone gives stride 8 alone, not {', '.join(recipe.layers)}. "
            "Leave out --layers, or --adapt and --adapt-steps."
        )
    return open_base(recipe.backbone, weights=recipe.weights)
