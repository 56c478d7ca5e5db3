"""Invented parts as a pretraining meets them: good pictures, damaged ones, and masks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.preprocess import IMAGENET_MEAN, IMAGENET_STD
from engine.pretraining.plan import TRAINING_FAMILIES, TRAINING_KINDS, Plan
from engine.synthetic.damage.inflict import inflict
from engine.synthetic.textures.camera import taken
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.scenes import draw_scenes

_WORN = 0.35
"""Of the parts bear harmless marks."""
_NEVER_HARMLESS = frozenset({"missing", "wrong_texture", "displaced"})


def draw_step(plan: Plan, number: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Draw what step `number` of a plan learns from, as `draw_pictures` gives it."""
    draws = Draws(device, plan.seed, number)
    side = plan.sides[int(draws.integers(1, below=len(plan.sides)))]
    return draw_pictures(
        draws,
        parts=plan.parts,
        good=plan.good,
        damaged=plan.damaged,
        damages=plan.damages,
        side=side,
        families=TRAINING_FAMILIES,
        kinds=TRAINING_KINDS,
    )


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


def normalised(pictures: Tensor) -> Tensor:
    """Give (B, 3, S, S) pictures between 0 and 1 as a backbone takes them."""
    mean = torch.tensor(IMAGENET_MEAN, device=pictures.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, device=pictures.device)[:, None, None]
    return ((pictures - mean) / std).contiguous(memory_format=torch.channels_last)


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
