"""The objective: low where damage stands out of its part, and what its gradient does."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.pretraining.objective import ranking_loss

LENGTH = 64


def part(offset: float) -> tuple[Tensor, list[Tensor]]:
    """Give the patches of a part of noise, and two damages that many σ beside it."""
    noise = torch.Generator().manual_seed(0)
    good = torch.randn(4, 64, LENGTH, generator=noise)
    return good, [torch.randn(n, LENGTH, generator=noise) + offset for n in (3, 9)]


def test_plain_damage_is_found_and_costs_little() -> None:
    hidden, hidden_found = ranking_loss(*part(0.0))
    plain, plain_found = ranking_loss(*part(5.0))
    assert (hidden_found, plain_found) == (0.0, 1.0)
    assert plain.item() < 0.05 < hidden.item()


def test_a_good_picture_is_not_searched_in_itself() -> None:
    """Its patches would be at distance zero, and damage farther than them by any factor."""
    loss, _ = ranking_loss(*part(0.0))
    assert loss.item() > 0.5


def test_its_gradient_makes_damage_stand_out() -> None:
    good, damages = part(0.3)
    scale = torch.ones(LENGTH, requires_grad=True)
    mix = torch.eye(LENGTH, requires_grad=True)
    optimiser = torch.optim.Adam([scale, mix], lr=1e-2)
    losses = []
    for _ in range(6):
        loss, _ = ranking_loss(good * scale @ mix, [damage * scale @ mix for damage in damages])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
