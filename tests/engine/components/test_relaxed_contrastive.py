"""The loss against its equation, and its gradient against differences and torch's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.components.relaxed_contrastive import relaxed_contrastive

MARGINS = pytest.mark.parametrize("margin", [0.4, 1, 1.7])


def drawn(seed: int, count: int = 14) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch, and a similarity that is not symmetric, though the real one is."""
    rng = np.random.default_rng(seed)
    batch = rng.normal(2, 1, (count, 4)) * rng.uniform(0.1, 2, (count, 1))
    return torch.from_numpy(batch), torch.from_numpy(rng.uniform(0, 1, (count, count)))


def by_the_equation(z: NDArray[np.float64], w: NDArray[np.float64], m: float) -> float:
    count, total = len(z), 0.0
    for i in range(count):
        distances = [np.linalg.norm(z[i] - z[n]) for n in range(count)]
        for j in range(count):
            if j != i:
                delta = distances[j] / np.mean(distances)
                total += w[i, j] * delta**2 + (1 - w[i, j]) * max(m - delta, 0) ** 2
    return total / count


@MARGINS
def test_the_loss_is_its_equation(margin: float) -> None:
    z, w = drawn(1)
    loss, _ = relaxed_contrastive(z, w, margin=margin)
    assert float(loss) == pytest.approx(by_the_equation(z.numpy(), w.numpy(), margin), rel=1e-12)


@MARGINS
def test_the_gradient_is_what_small_changes_do_to_the_loss(margin: float) -> None:
    z, w = drawn(2)
    _, gradient = relaxed_contrastive(z, w, margin=margin)
    for i, j in np.ndindex(*z.shape):
        ahead, behind = z.clone().numpy(), z.clone().numpy()
        ahead[i, j] += 1e-6
        behind[i, j] -= 1e-6
        rise = by_the_equation(ahead, w.numpy(), margin) - by_the_equation(
            behind, w.numpy(), margin
        )
        assert float(gradient[i, j]) == pytest.approx(rise / 2e-6, abs=1e-7)


@MARGINS
def test_the_gradient_is_that_of_automatic_differentiation(margin: float) -> None:
    z, w = drawn(3, 60)
    z.requires_grad_()
    itself = torch.eye(len(z), dtype=torch.bool)
    squared = (z[:, None] - z[None]).square().sum(2)
    distance = squared.masked_fill(itself, 1).sqrt().masked_fill(itself, 0)
    delta = distance / distance.mean(1, keepdim=True)
    each = w * delta.square() + (1 - w) * (margin - delta).clamp_min(0).square()
    (expected,) = torch.autograd.grad(each[~itself].sum() / len(z), z)
    _, gradient = relaxed_contrastive(z.detach(), w, margin=margin)
    assert (gradient - expected).abs().max() < 1e-14


def test_a_length_has_no_say() -> None:
    """So the gradient stands at right angles to the batch, and the optimiser's step to weights."""
    z, w = drawn(4)
    loss, gradient = relaxed_contrastive(z, w, margin=1)
    longer, shorter = relaxed_contrastive(7 * z, w, margin=1)
    assert float(longer) == pytest.approx(float(loss))
    assert (7 * shorter - gradient).abs().max() < 1e-12
    assert abs(float((gradient * z).sum())) < 1e-12


def test_twins_do_not_move_each_other() -> None:
    z, _ = drawn(5)
    twins = torch.cat([z, z[:3], z[:3]]).float()
    similarity = torch.rand(len(twins), len(twins), generator=torch.Generator().manual_seed(0))
    loss, gradient = relaxed_contrastive(twins, similarity, margin=1)
    nudged = twins + 1e-3 * torch.randn(twins.shape, generator=torch.Generator().manual_seed(1))
    _, usual = relaxed_contrastive(nudged, similarity, margin=1)
    assert torch.isfinite(loss) and torch.isfinite(gradient).all()
    assert gradient.norm() < usual.norm()


@pytest.mark.parametrize("count", [2, 9])
def test_where_all_are_the_same_there_is_nowhere_to_go(count: int) -> None:
    same = torch.full((count, 4), 3.1)
    loss, gradient = relaxed_contrastive(same, torch.full((count, count), 0.5), margin=1)
    assert torch.isfinite(loss) and not gradient.any()
