"""A head in adaptation: one step of learning at a time, and each of them in short pieces."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor

from engine.components.metric_head import MetricHead
from engine.components.neighbours import Bank
from engine.pretraining.adaptation.material import Material
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.pretraining.objective import ranked
from engine.synthetic.textures.draws import Draws
from engine.types import SearchName

_STEPS = 2**31
"""Keys of steps begin here, those of drawings at zero."""
_AT_ONCE = 1024
"""Patches through the head in one piece: 50 ms on one core with their gradient."""


class Learner:
    """A head that learns to put damage farther from other good pictures than good patches are.

    Parameters
    ----------
    steps
        Of the whole adaptation: the learning rate depends on it.
    """

    def __init__(self, material: Material, plan: AdaptationPlan, steps: int) -> None:
        self._material = material
        self._plan = plan
        self._steps = steps
        self.step = 0
        with torch.random.fork_rng(devices=[]):  # the caller's own numbers go on undisturbed
            torch.manual_seed(plan.seed)
            self.head: MetricHead = material.untrained_head(plan.hidden)
        self.head.to(material.good.device)
        self.head.calibrate(_some(material.good))
        self._optimiser = torch.optim.AdamW(self.head.parameters(), weight_decay=plan.weight_decay)

    def learn(self) -> Generator[None, None, None]:
        """Take one step, in pieces.

        The gradient is taken in two halves: first that of the loss by the embeddings, from the
        distances alone; then that of the embeddings by the weights, so many patches at a time.
        Together they are the gradient of the whole.
        """
        material, plan = self._material, self._plan
        for group in self._optimiser.param_groups:
            group["lr"] = plan.rate_at(self.step, self._steps)
        draws = Draws(material.good.device, plan.seed, _STEPS + self.step)
        asked = torch.argsort(draws.uniform(len(material.good)))[: plan.asked].tolist()
        drawn = draws.integers(plan.damages, below=len(material.damages)).tolist()
        some = [material.damages[number] for number in drawn]
        good = []
        for number in asked:
            good.append(material.moved(draws, number))
            yield
        pieces = [*good, *(one.patches for one in some)]
        parts = [*(material.parts[number] for number in asked), *(one.part for one in some)]

        rows = yield from self._embedded(material.rows)
        queries = yield from self._embedded(torch.cat(pieces))
        nearest = yield from self._nearest(
            rows, torch.split(queries, [len(it) for it in pieces]), parts
        )
        queries.requires_grad_()
        found = rows[nearest].requires_grad_()
        logs = (queries - found).square().sum(1).clamp_min(1e-6).log() / 2
        searched = len(asked) * material.good.shape[1]
        grounds, damages = logs[:searched].view(len(asked), -1), logs[searched:]
        loss, _ = ranked(grounds, torch.split(damages, [len(one.patches) for one in some]))
        loss.backward()  # type: ignore[no-untyped-call]
        assert queries.grad is not None and found.grad is not None
        yield

        self._optimiser.zero_grad()
        used, place = torch.unique(nearest, return_inverse=True)
        by_row = torch.zeros_like(rows[used]).index_add_(0, place, found.grad)
        yield from self._taught(torch.cat(pieces), queries.grad)
        yield from self._taught(material.rows[used], by_row)
        torch.nn.utils.clip_grad_norm_(self.head.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1

    def _embedded(self, patches: Tensor) -> Generator[None, None, Tensor]:
        embedded = []
        for some in torch.split(patches, _AT_ONCE):
            with torch.no_grad():
                embedded.append(self.head(some))
            yield
        return torch.cat(embedded)

    def _nearest(
        self, rows: Tensor, pieces: tuple[Tensor, ...], parts: list[int]
    ) -> Generator[None, None, Tensor]:
        """Find the nearest row of every query among those of other parts."""
        bank = Bank(rows, self._material.row_parts, SearchName.SCREENED)
        winners = []
        for piece, part in zip(pieces, parts, strict=True):
            some = torch.split(piece, _AT_ONCE)
            winners += [bank.nearest(queries, without_group=part)[1] for queries in some]
            yield
        return torch.cat(winners)

    def _taught(self, patches: Tensor, gradient: Tensor) -> Generator[None, None, None]:
        """Add to the weights' gradient what the embeddings of these patches are asked for."""
        pairs = zip(torch.split(patches, _AT_ONCE), torch.split(gradient, _AT_ONCE), strict=True)
        for some, its_gradient in pairs:
            self.head(some).backward(its_gradient)
            yield


def _some(good: Tensor) -> Tensor:
    """Give (n, I) float32: every seventh patch, of a hundred pictures at most."""
    every = good[:: max(1, len(good) // 100)]
    return every[:, ::7].flatten(0, 1).float()
