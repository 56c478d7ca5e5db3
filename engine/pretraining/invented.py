"""Invented parts as a pretraining meets them: good pictures, damaged ones, and their patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.components.metric_head import Surroundings
from engine.preprocess import IMAGENET_MEAN, IMAGENET_STD
from engine.pretraining.plan import TRAINING_FAMILIES, TRAINING_KINDS, Plan
from engine.synthetic.damage.inflict import inflict
from engine.synthetic.textures.camera import taken
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.scenes import draw_scenes

STRIDE = 8
LEAST_SHARE = 0.06
"""Of a cell that damage covers, from which it counts as damaged: half of a line one pixel wide."""
_WORN = 0.35
"""Of the parts bear harmless marks."""
_NEVER_HARMLESS = frozenset({"missing", "wrong_texture", "displaced"})


@dataclass(frozen=True, eq=False)
class InventedPart:
    """The patches of one part, computed once and learned from several times.

    Attributes
    ----------
    good
        (N, n, 817) float16: the good pictures.
    damages
        (m, 817) float16 each: the patches that one damage covers; damage that does not show is
        left out.
    """

    good: Tensor
    damages: tuple[Tensor, ...]


@torch.no_grad()
def draw_parts(plan: Plan, number: int, surroundings: Surroundings) -> list[InventedPart]:
    """Make drawing `number` of a plan: `plan.fresh` parts, their pictures all of one side."""
    device = surroundings.gabor.first.device
    draws = Draws(device, plan.seed, number)
    side = plan.sides[int(draws.integers(1, below=len(plan.sides)))]
    pictures, masks = draw_pictures(
        draws,
        parts=plan.fresh,
        good=plan.good,
        damaged=plan.damaged,
        damages=plan.damages,
        side=side,
        families=TRAINING_FAMILIES,
        kinds=TRAINING_KINDS,
    )
    parts = []
    for part_pictures, part_masks in zip(pictures, masks, strict=True):
        patches = patches_of(part_pictures, surroundings)
        covered = functional.avg_pool2d(part_masks.float(), STRIDE).flatten(2) > LEAST_SHARE
        damages = [
            # A copy: a view would keep all patches of the damaged pictures in memory.
            patches[plan.good + picture][covered[picture, damage]].clone()
            for picture in range(plan.damaged)
            for damage in range(plan.damages)
        ]
        shown = tuple(damage for damage in damages if len(damage))
        parts.append(InventedPart(patches[: plan.good].clone(), shown))
    return parts


def draw_pictures(
    draws: Draws,
    *,
    parts: int,
    good: int,
    damaged: int,
    damages: int,
    side: int,
    families: Sequence[str],
    kinds: Sequence[str],
) -> tuple[Tensor, Tensor]:
    """Draw parts, wear some, damage their last pictures and take all with each part's camera.

    Returns
    -------
    pictures
        (P, good + damaged, 3, S, S) float32, 0 to 1, in the 256 steps of a camera.
    masks
        (P, damaged, damages, S, S) bool: where each damage shows.
    """
    scene = draw_scenes(
        draws, parts=parts, pictures=good + damaged, side=side, families=families
    ).clamp_(0, 1)
    scene = _worn(draws, scene, kinds)
    masks = torch.zeros(parts, damaged, damages, side, side, dtype=torch.bool, device=scene.device)
    changed = scene[:, good:].flatten(0, 1)
    other = scene.roll(1, 0)[:, good:].flatten(0, 1)
    for number in range(damages):
        changed, where = inflict(draws, changed, other, kinds=kinds)
        masks[:, :, number] = where.view(parts, damaged, side, side)
    scene[:, good:] = changed.view(parts, damaged, 3, side, side)
    return (taken(draws, scene) * 255).round() / 255, masks


def patches_of(pictures: Tensor, surroundings: Surroundings) -> Tensor:
    """Give (B, n, 817) float16, the head's input, of (B, 3, S, S) pictures between 0 and 1."""
    mean = torch.tensor(IMAGENET_MEAN, device=pictures.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, device=pictures.device)[:, None, None]
    normalised = ((pictures - mean) / std).contiguous(memory_format=torch.channels_last)
    patches: Tensor = surroundings(normalised)
    return patches.half()


def _worn(draws: Draws, scene: Tensor, kinds: Sequence[str]) -> Tensor:
    """Give some parts harmless marks: one kind each, faint, in good and damaged pictures alike.

    What good parts bear anyway must not count, and only the memory bank can say what that is.
    """
    parts, count = scene.shape[:2]
    for number in draws.chance(parts, of=_WORN).nonzero()[:, 0].tolist():
        kind = kinds[int(draws.integers(1, below=len(kinds)))]
        if kind in _NEVER_HARMLESS:
            continue
        worst = float(draws.uniform(1, high=0.5))
        other = scene[(number + 1) % parts]
        marked, _ = inflict(draws, scene[number], other, kinds=[kind], severity=(0.0, worst))
        bears = draws.chance(count, 1, 1, 1, of=0.7)
        scene[number] = torch.where(bears, marked, scene[number])
    return scene
