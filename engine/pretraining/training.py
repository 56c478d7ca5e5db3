"""A head in training: one step at a time, and all that must be kept to go on later as if never cut.

What a step draws depends on the plan's seed and the step's number alone. Invented parts are made
anew when a training is taken up, so only the head and its optimiser are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.components.metric_head import MetricHead, Surroundings
from engine.pretraining.invented import InventedPart, draw_parts
from engine.pretraining.objective import ranking_loss
from engine.pretraining.plan import Plan
from engine.synthetic.textures.draws import Draws

_STEPS = 2**31
"""Keys of steps begin here, those of drawings at zero."""
_HEAD, _OPTIMISER = "head.", "optimiser."


@dataclass(frozen=True)
class Lesson:
    """What one step came to."""

    loss: float
    found: float
    """Share of damages that beat every good patch of their part."""


class Training:
    """A metric head, its optimiser, and the invented parts it learns from at the moment.

    Use: make it, perhaps `restore` it, exhaust `draw`, then `learn` until `step` is `plan.steps`.
    """

    def __init__(self, plan: Plan, device: torch.device) -> None:
        self.plan = plan
        self.device = device
        self.step = 0
        self.surroundings = Surroundings().to(device)
        with torch.random.fork_rng(devices=[]):  # the caller's own numbers go on undisturbed
            torch.manual_seed(plan.seed)
            self.head = MetricHead(plan.hidden).to(device)
        self._optimiser = torch.optim.AdamW(self.head.parameters(), weight_decay=plan.weight_decay)
        self._drawn: dict[int, list[InventedPart]] = {}

    def draw(self) -> Iterator[int]:
        """Make the drawings the next step learns from, one at a time; give how many there are."""
        first = self.step // self.plan.updates
        for number in range(first, first + self.plan.kept):
            self._drawn[number] = draw_parts(self.plan, number, self.surroundings)
            yield len(self._drawn)
        if not self.step:
            some = [part.good[:, ::9].flatten(0, 1) for part in self._parts()]
            self.head.calibrate(torch.cat(some).float())

    def learn(self) -> Lesson:
        """Take one step, and replace the oldest drawing when it is due."""
        plan = self.plan
        for group in self._optimiser.param_groups:
            group["lr"] = _rate(plan, self.step)
        draws = Draws(self.device, plan.seed, _STEPS + self.step)
        parts = [part for part in self._parts() if part.damages]
        loss, found = torch.zeros((), device=self.device), 0.0
        for number in draws.integers(plan.parts, below=len(parts)).tolist():
            one, share = ranking_loss(self.head, parts[number], draws, asked=plan.asked)
            loss, found = loss + one / plan.parts, found + share / plan.parts
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.head.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        if self.step % plan.updates == 0:
            oldest = self.step // plan.updates - 1
            newest = oldest + plan.kept
            del self._drawn[oldest]
            self._drawn[newest] = draw_parts(plan, newest, self.surroundings)
        return Lesson(loss.item(), found)

    def state(self) -> dict[str, Tensor]:
        """Give head and optimiser by name."""
        named = [name for name, _ in self.head.named_parameters()]
        moments = self._optimiser.state_dict()["state"]
        return {
            **{f"{_HEAD}{name}": tensor for name, tensor in self.head.state_dict().items()},
            **{
                f"{_OPTIMISER}{named[number]}.{moment}": tensor
                for number, kept in moments.items()
                for moment, tensor in kept.items()
            },
        }

    def restore(self, state: Mapping[str, Tensor], step: int) -> None:
        """Go on from what `state` gave after `step` steps of the same plan."""
        self.step = step
        heads = {k.removeprefix(_HEAD): v for k, v in state.items() if k.startswith(_HEAD)}
        self.head.load_state_dict(heads)
        moments: dict[int, dict[str, Tensor]] = {}
        for number, (name, _) in enumerate(self.head.named_parameters()):
            prefix = f"{_OPTIMISER}{name}."
            found = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            if found:
                moments[number] = found
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": moments, "param_groups": groups})

    def _parts(self) -> list[InventedPart]:
        return [part for parts in self._drawn.values() for part in parts]


def _rate(plan: Plan, step: int) -> float:
    """Give the learning rate: a short warm-up, then half a cosine down to a fiftieth."""
    fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / plan.steps))
    return plan.rate * min(1.0, (step + 1) / plan.warm_up) * fall
