"""Training against the losses as they are written, by automatic differentiation in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.components.centres import Centres
from engine.components.coupled_hyperspheres import CoupledHyperspheres
from engine.components.descriptor_training import Learned, train
from engine.components.patch_descriptor import PatchDescriptor
from engine.parameters import CfaParameters
from tests.small_parts import finished

SHAPES = [(6, 8, 8), (10, 4, 4)]
LAYOUT = PatchDescriptor(SHAPES, np.ones((8, 8), dtype=bool), averages=True)


def pictures(count: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    levels = [torch.randn(count, *shape, generator=generator) for shape in SHAPES]
    return list(LAYOUT.cells(levels))


def beginning(some: Sequence[Tensor]) -> tuple[Tensor, Centres]:
    matrix = LAYOUT.initial(8, seed=0)
    return matrix, Centres(LAYOUT(torch.stack(list(some)).double().mean(0), matrix))


def spheres(some: Sequence[Tensor], **changes: Any) -> CoupledHyperspheres:
    parameters = CfaParameters(**changes)
    matrix, centres = beginning(some)
    return CoupledHyperspheres(LAYOUT, centres, matrix, parameters.radius, parameters)


def features(cells: Tensor) -> Tensor:
    """Give (P, D + 3) float64: what φ is a linear map of."""
    return LAYOUT(cells, torch.eye(LAYOUT.channels + 3)).double()


def loss_as_written(
    patches: Tensor, centres: Tensor, radius: Tensor, own: CfaParameters
) -> tuple[Tensor, Tensor]:
    """Give L_att and L_rep of (T, D') patches."""
    squared = (patches[:, None] - centres[None]).square().sum(2)
    nearest = squared.topk(own.attracting + own.repelling, 1, largest=False).values
    attraction = (nearest[:, : own.attracting] - radius**2).clamp_min(0).mean()
    repelled = nearest[:, own.attracting : own.attracting + own.repelling]
    return attraction, (radius**2 - repelled - own.margin).clamp_min(0).mean()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"learn_radius": False},
        {"radius": 1.1, "attracting": 2, "repelling": 5},
        {"radius": 1.1, "attracting": 4, "repelling": 1, "margin": 0.4, "softness": 0.1},
    ],
)
def test_each_step_is_that_of_the_losses_as_written(changes: dict[str, Any]) -> None:
    own, some = CfaParameters(**changes), pictures(4)
    ours = spheres(some, **changes)
    matrix, centres = beginning(some)
    theirs = matrix.double().requires_grad_()
    radius = torch.tensor(own.radius, dtype=torch.float64, requires_grad=own.learn_radius)
    learned = [theirs, radius] if own.learn_radius else [theirs]
    optimiser = torch.optim.AdamW(
        learned, lr=own.learning_rate, weight_decay=own.weight_decay, amsgrad=True
    )
    for _ in range(6):
        optimiser.zero_grad()
        patches = torch.cat([features(cells) for cells in some]) @ theirs.T
        attraction, repulsion = loss_as_written(patches, centres.rows.double(), radius, own)
        loss = (attraction + repulsion) / own.softness
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        before = ours.tally.attraction, ours.tally.repulsion
        for _ in ours.learn(some):
            pass
        terms = own.attracting * 4 * 64
        assert (ours.tally.attraction - before[0]) / terms == pytest.approx(
            attraction.item(), rel=1e-4
        )
        terms = own.repelling * 4 * 64
        assert (ours.tally.repulsion - before[1]) / terms == pytest.approx(
            repulsion.item(), rel=1e-3, abs=1e-6
        )
    assert ours.radius == pytest.approx(radius.item(), rel=1e-4)
    assert (ours.matrix - theirs).abs().max() < 1e-4
    if "softness" in changes:
        assert ours.tally.repelled > 0, "else the second loss was not tried"


def test_with_the_papers_radius_nothing_is_ever_repelled() -> None:
    found = spheres(pictures(4), learn_radius=False)
    for _ in range(5):
        for _ in found.learn(pictures(4)):
            pass
    assert (found.tally.repulsion, found.share_repelled, found.radius) == (0, 0, 1e-5)
    assert found.loss == pytest.approx(found.tally.attraction / (3 * 5 * 4 * 64 * 1e-3))


def test_the_radius_grows_while_patches_lie_outside() -> None:
    found = spheres(pictures(4))
    for _ in range(10):
        for _ in found.learn(pictures(4)):
            pass
    assert found.radius == pytest.approx(0.01, rel=0.3), "about a learning rate each step"


def trained(count: int, seed: int = 0, **changes: Any) -> Learned:
    parameters, some = CfaParameters(**changes), pictures(count)
    matrix, centres = beginning(some)
    start = Learned(matrix, parameters.radius, torch.empty(0, 4))
    steps = train(
        LAYOUT, centres, start, some, parameters, most_steps=parameters.most_steps, seed=seed
    )
    return finished(steps)


def test_the_loss_falls_and_each_epoch_is_told() -> None:
    found = trained(9, epochs=12)
    assert found.history[:, 0].tolist() == [3 * n for n in range(1, 13)], "none is dropped"
    assert found.history[-1, 1] < 0.9 * found.history[0, 1]
    assert found.history[-1, 2] == pytest.approx(found.radius)


def test_there_are_no_more_steps_than_the_budget_has() -> None:
    assert trained(9, epochs=12, most_steps=7).history[:, 0].tolist() == [3, 6, 7]


def test_one_seed_gives_one_training() -> None:
    first, again, other = trained(9, epochs=2), trained(9, epochs=2), trained(9, 1, epochs=2)
    assert torch.equal(first.matrix, again.matrix)
    assert not torch.equal(first.matrix, other.matrix)


def test_with_few_centres_there_are_fewer_to_be_drawn_to() -> None:
    parameters, some = CfaParameters(epochs=2), pictures(3)
    matrix, _ = beginning(some)
    for count in (1, 2, 4):
        few = Centres(torch.zeros(count, 8))
        start = Learned(matrix, 1.5, torch.empty(0, 4))
        found = finished(train(LAYOUT, few, start, some, parameters, most_steps=2, seed=0))
        assert torch.isfinite(found.matrix).all()
