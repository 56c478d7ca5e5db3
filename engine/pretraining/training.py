"""A stack in training: one step at a time, and all that must be kept to go on as if never cut.

What a step draws depends on the plan's seed and the step's number alone, so only the weights and
the optimiser are kept.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.components.embedding import concat
from engine.components.learned_stack import LearnedStack
from engine.pretraining.invented import draw_step, normalised
from engine.pretraining.objective import ranking_loss
from engine.pretraining.plan import Plan

_CALIBRATION = 2**31
"""Keys of what the calibration draws begin here, those of steps at zero."""
CALIBRATION_DRAWINGS = 12
STRIDE = 8
_LEAST_SHARE = 0.06
"""Of a cell that damage covers, from which it counts as damaged: half of a line one pixel wide."""
_NETWORK, _AVERAGED, _OPTIMISER = "network.", "averaged.", "optimiser."


@dataclass(frozen=True)
class Lesson:
    """What one step came to."""

    loss: float
    found: float
    """Share of damages that beat every good patch of their part."""


class Training:
    """A learned stack, its averaged weights and its optimiser.

    Use: make it, perhaps `restore` it, exhaust `calibrate`, then `learn` until `step` is
    `plan.steps`.

    Attributes
    ----------
    averaged
        A stack with the moving average of the weights: what a training is for.
    """

    def __init__(self, plan: Plan, device: torch.device) -> None:
        self.plan = plan
        self.device = device
        self.step = 0
        with torch.random.fork_rng(devices=[]):  # the caller's own numbers go on undisturbed
            torch.manual_seed(plan.seed)
            network = LearnedStack()
        self._network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged: LearnedStack = copy.deepcopy(self._network).requires_grad_(False)
        named = dict(self._network.named_parameters())
        decayed = [name for name in named if named[name].ndim == 4]
        others = [name for name in named if named[name].ndim != 4]
        self._names = [*decayed, *others]
        """In the optimiser's order."""
        groups = [
            {"params": [named[name] for name in decayed], "weight_decay": plan.weight_decay},
            {"params": [named[name] for name in others], "weight_decay": 0.0},
        ]
        self._optimiser = torch.optim.AdamW(groups)

    def calibrate(self) -> Iterator[int]:
        """Calibrate the stack before its first step; give how many drawings are done."""
        if self.step:
            return
        seen = []
        for number in range(CALIBRATION_DRAWINGS):
            plan = self.plan.model_copy(update={"sides": self.plan.sides[:1]})
            pictures, _ = draw_step(plan, _CALIBRATION + number, self.device)
            seen.append(pictures[:, :: max(1, self.plan.good)].flatten(0, 1))
            yield number + 1
        batch = normalised(torch.cat(seen))
        self._network.calibrate(batch)
        self.averaged.calibrate(batch)

    def learn(self) -> Lesson:
        """Take one step."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.plan.rate_at(self.step)
        pictures, masks = draw_step(self.plan, self.step, self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            levels = self._network(normalised(pictures.flatten(0, 1)))
        finest, fine, coarse = (level.float() for level in levels)
        loss, _ = self._ranked(_every_second(finest), masks)
        both, found = self._ranked(concat([fine, coarse]), masks)
        alone, _ = self._ranked(concat([fine]), masks)
        loss = self.plan.weight_4 * loss + self.plan.weight_8 * alone
        loss = loss + self.plan.weight_8_16 * both
        self._optimiser.zero_grad()
        if loss.requires_grad:  # not where no damage of a whole step shows
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimiser.step()
        self._average()
        self.step += 1
        return Lesson(loss.item(), found)

    def state(self) -> dict[str, Tensor]:
        """Give weights, averaged weights and optimiser by name."""
        moments = self._optimiser.state_dict()["state"]
        return {
            **{f"{_NETWORK}{name}": it for name, it in self._network.state_dict().items()},
            **{f"{_AVERAGED}{name}": it for name, it in self.averaged.state_dict().items()},
            **{
                f"{_OPTIMISER}{self._names[number]}.{moment}": tensor
                for number, kept in moments.items()
                for moment, tensor in kept.items()
            },
        }

    def restore(self, state: Mapping[str, Tensor], step: int) -> None:
        """Go on from what `state` gave after `step` steps of the same plan."""
        self.step = step
        self._network.load_state_dict(_under(_NETWORK, state))
        self.averaged.load_state_dict(_under(_AVERAGED, state))
        moments: dict[int, dict[str, Tensor]] = {}
        for number, name in enumerate(self._names):
            found = _under(f"{_OPTIMISER}{name}.", state)
            if found:
                moments[number] = found
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": moments, "param_groups": groups})

    def _ranked(self, patches: Tensor, masks: Tensor) -> tuple[Tensor, float]:
        """Rank every part's damages; mean over the parts in which any shows.

        Parameters
        ----------
        patches
            (P · N, n, D) float32, of stride-8 cells.
        masks
            (P, damaged, damages, S, S) bool.
        """
        good = self.plan.good
        losses, shares = [], []
        by_part = patches.view(len(masks), -1, *patches.shape[1:])
        for its_patches, its_masks in zip(by_part, masks, strict=True):
            covered = functional.avg_pool2d(its_masks.float(), STRIDE).flatten(2) > _LEAST_SHARE
            damages = [
                picture[where]
                for picture, each in zip(its_patches[good:], covered, strict=True)
                for where in each
                if where.any()
            ]
            if damages:
                loss, found = ranking_loss(its_patches[:good], damages)
                losses.append(loss)
                shares.append(found)
        if not losses:
            return patches.new_zeros(()), 0.0
        return torch.stack(losses).mean(), sum(shares) / len(shares)

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.plan.averaging, self.step / (self.step + 10))
        pairs = zip(self.averaged.parameters(), self._network.parameters(), strict=True)
        for mean, now in pairs:
            mean.lerp_(now, 1 - keep)


def _every_second(level: Tensor) -> Tensor:
    """Give the averaged patches of every second row and column of the level at stride 4.

    Returns
    -------
    Tensor
        (B, n, C), one for each stride-8 cell: to search all would take 16 times as long.
    """
    return functional.avg_pool2d(level, 3, 2, 1).flatten(2).transpose(1, 2)


def _under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
