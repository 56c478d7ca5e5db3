"""The objective: low where damage stands out of its part, and what its gradient does."""

from __future__ import annotations

import torch

from engine.components.metric_head import INPUTS, MetricHead
from engine.pretraining.invented import InventedPart
from engine.pretraining.objective import ranking_loss
from engine.synthetic.textures.draws import Draws

CPU = torch.device("cpu")


def part(offset: float) -> InventedPart:
    """Give a part of noise, and two damages that many σ beside it."""
    noise = torch.Generator().manual_seed(0)
    good = torch.randn(4, 64, INPUTS, generator=noise)
    damages = (torch.randn(n, INPUTS, generator=noise) + offset for n in (3, 9))
    return InventedPart(good.half(), tuple(damage.half() for damage in damages))


def test_plain_damage_is_found_and_costs_little() -> None:
    hidden, hidden_found = ranking_loss(MetricHead(8), part(0.0), Draws(CPU, 0), asked=2)
    plain, plain_found = ranking_loss(MetricHead(8), part(5.0), Draws(CPU, 0), asked=2)
    assert (hidden_found, plain_found) == (0.0, 1.0)
    assert plain.item() < 0.05 < hidden.item()


def test_a_good_picture_is_not_searched_in_itself() -> None:
    """Its patches would be at distance zero, and damage farther than them by any factor."""
    loss, _ = ranking_loss(MetricHead(8), part(0.0), Draws(CPU, 0), asked=4)
    assert loss.item() > 0.5


def test_its_gradient_makes_damage_stand_out() -> None:
    torch.manual_seed(0)
    head, draws = MetricHead(8), Draws(CPU, 0)
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    losses = []
    for _ in range(4):
        loss, _ = ranking_loss(head, part(0.3), draws, asked=2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
