from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from engine.components.contrastive_layer import ContrastiveLayer, LayerTraining
from engine.components.patch_similarity import (
    contextual_similarity,
    pairwise_similarity,
    squared_distances,
)
from engine.parameters import ReConPatchParameters

LENGTH = 12
CPU = torch.device("cpu")


def settings(**changes: Any) -> ReConPatchParameters:
    few = {"dimensions": 10, "projection": 6, "batch": 64, "learning_rate": 1e-3}
    return ReConPatchParameters(**(few | changes))


def drawn(own: ReConPatchParameters, seed: int = 0) -> ContrastiveLayer:
    return ContrastiveLayer.drawn(LENGTH, own, seed=seed, device=CPU)


def patches(sizes: Sequence[int] = (40, 30, 50), kinds: int = 3) -> list[torch.Tensor]:
    """Patches that are of a few kinds in 4 numbers and noise in 8 others."""
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 2, (kinds, 4))
    found = []
    for size in sizes:
        told = centres[rng.integers(0, kinds, size)] + rng.normal(0, 0.1, (size, 4))
        noise = rng.normal(0, 1, (size, LENGTH - 4))
        found.append(torch.from_numpy(np.concatenate([told, noise], 1)).float())
    return found


def training(
    own: ReConPatchParameters, pool: Sequence[torch.Tensor] | None = None, **changes: Any
) -> LayerTraining:
    given: dict[str, Any] = {"epochs": own.epochs, "seed": 0} | changes
    return LayerTraining(drawn(own), pool or patches(), own, **given)


def trained(own: ReConPatchParameters, **changes: Any) -> LayerTraining:
    found = training(own, **changes)
    for _ in found.steps("Training"):
        pass
    return found


def same(first: ContrastiveLayer, second: ContrastiveLayer) -> bool:
    return torch.equal(first.representation, second.representation) and torch.equal(
        first.projection, second.projection
    )


@pytest.mark.parametrize("dimensions", [5, LENGTH, 40])
def test_in_no_more_numbers_than_needed_distances_and_lengths_are_those_of_f(
    dimensions: int,
) -> None:
    layer, some = drawn(settings(dimensions=dimensions)), torch.cat(patches())
    mapped, whole = layer(some.view(2, 60, LENGTH)), some @ layer.representation.T
    assert mapped.shape == (2, 60, min(dimensions, LENGTH))
    ours, theirs = mapped.flatten(0, 1).double(), whole.double()
    assert torch.allclose(torch.cdist(ours, ours), torch.cdist(theirs, theirs), atol=1e-5)
    assert torch.allclose(ours.norm(dim=1), theirs.norm(dim=1), atol=1e-5)


class TestBudget:
    @pytest.mark.parametrize(
        ("changes", "epochs", "steps"),
        [
            ({}, 1, 2),  # 120 patches in batches of 64
            ({}, 3, 6),
            ({"most_steps": 5}, 3, 5),
            ({"batch": 1000}, 3, 3),  # a batch of all
        ],
    )
    def test_the_steps_are_counted_before_the_first(
        self, changes: dict[str, Any], epochs: int, steps: int
    ) -> None:
        found = training(settings(**changes), epochs=epochs)
        assert found.count == steps
        told = list(found.steps("Training"))
        assert found.step == steps and len(told) == 2 * steps
        assert [step.fraction for step in told] == sorted(step.fraction for step in told)
        assert told[-1].fraction == 1 and told[-1].seconds_left == 0

    def test_four_thousand_pictures_of_256_pixels_take_no_more_than_its_most(self) -> None:
        own, many = ReConPatchParameters(), torch.empty(1024, 1).expand(1024, 4)
        layer = ContrastiveLayer.drawn(4, own, seed=0, device=CPU)
        assert LayerTraining(layer, [many] * 4000, own, epochs=120, seed=0).count == 4_000


class TestSteps:
    def test_one_is_what_autograd_and_the_equations_give(self) -> None:
        """A plain step of the pseudo-code: teacher, similarity, loss, AdamP, moving average."""
        from timm.optim.adamp import AdamP

        own = settings(batch=10_000, averaging=0.9, weight_decay=0.1)
        pool = patches()
        f, g = (w.clone().requires_grad_() for w in vars(drawn(own)).values())
        f_mean, g_mean = f.detach().clone(), g.detach().clone()
        optimiser = AdamP([f, g], weight_decay=0.1)
        found = training(own, pool, epochs=3)
        draws = torch.Generator().manual_seed(0)
        for step in range(3):
            batch = torch.cat(pool)[torch.randint(120, (120,), generator=draws)]
            seen = torch.nn.functional.normalize(batch @ f_mean.T @ g_mean.T)
            squared = squared_distances(seen)
            w = own.pairwise_share * pairwise_similarity(squared, bandwidth=own.bandwidth)
            w += (1 - own.pairwise_share) * contextual_similarity(squared, neighbours=own.context)
            z = batch @ f.T @ g.T
            itself = torch.eye(120, dtype=torch.bool)
            apart = (z[:, None] - z[None]).square().sum(2).masked_fill(itself, 1).clamp_min(1e-12)
            distance = apart.sqrt().masked_fill(itself, 0)
            delta = distance / distance.mean(1, keepdim=True)
            each = w * delta**2 + (1 - w) * (own.margin - delta).clamp_min(0) ** 2
            optimiser.zero_grad()
            (each[~itself].sum() / 120).backward()
            for group in optimiser.param_groups:
                group["lr"] = own.learning_rate * (1 + np.cos(np.pi * step / 3)) / 2
            optimiser.step()
            with torch.no_grad():
                f_mean.lerp_(f, 0.1)
                g_mean.lerp_(g, 0.1)
        for _ in found.steps("Training"):
            pass
        # Adam divides by the size of a gradient: where that is almost 0, rounding decides.
        for ours, plain in ((found.layer.representation, f), (found.layer.projection, g)):
            moved = (plain.detach() - ours).abs()
            assert moved.mean() < 1e-6 and moved.max() < 2 * own.learning_rate

    def test_a_seed_gives_one_layer(self) -> None:
        own = settings(epochs=4)
        first, again = trained(own), trained(own)
        assert same(first.layer, again.layer)
        assert not same(first.layer, trained(own, seed=1).layer)

    def test_the_layer_it_began_with_stays_as_it_is(self) -> None:
        own = settings(epochs=2)
        layer = drawn(own)
        found = LayerTraining(layer, patches(), own, epochs=2, seed=0)
        before = found.layer
        for _ in found.steps("Training"):
            pass
        assert same(layer, drawn(own)) and same(before, layer)
        assert not same(found.layer, layer)

    def test_every_patch_of_every_picture_is_drawn(self) -> None:
        numbered = [
            torch.full((size, LENGTH), 100.0 * n) + torch.arange(size)[:, None]
            for n, size in enumerate((3, 1, 5))
        ]
        found = training(settings(batch=9), numbered)
        seen = torch.cat([found._drawn() for _ in range(60)])
        assert torch.equal(seen[:, 0].unique(), torch.cat(numbered)[:, 0].unique())

    def test_patches_that_are_all_the_same_teach_nothing(self) -> None:
        own = settings(epochs=3)
        found = trained(own, pool=[torch.full((40, LENGTH), 1.3)] * 2)
        assert torch.isfinite(found.layer.representation).all()
        assert torch.isfinite(found.loss)

    def test_similarities_lie_between_0_and_1_with_and_without_normalising(self) -> None:
        for normalise in (True, False):
            found = training(settings(normalise=normalise))
            similarity = found._similarity(found._drawn())
            assert similarity.min() >= 0 and similarity.max() <= 1 + 1e-6


class TestWhatItIsFor:
    def test_patches_of_one_kind_come_together(self) -> None:
        """Distance within a kind over that between kinds, before and behind the layer."""
        own = settings(
            **{"batch": 150, "context": 20, "margin": 2, "averaging": 0.9, "learning_rate": 3e-3},
            epochs=50,
        )
        pool = patches((400,))
        told = torch.cdist(pool[0][:, :4], pool[0][:, :4]) < 1.5  # kinds lie farther apart

        def spread(mapped: torch.Tensor) -> float:
            table = torch.cdist(mapped, mapped)
            return float(table[told].mean() / table[~told].mean())

        layer = trained(own, pool=pool).layer
        assert spread(layer(pool[0])) < 0.93 * spread(drawn(own)(pool[0]))

    def test_the_length_of_the_weights_does_not_grow(self) -> None:
        """The loss does not depend on it, so AdamP takes it out of every step."""
        own = settings(epochs=100, learning_rate=1e-3, weight_decay=0)
        before, after = drawn(own), trained(own).layer
        assert float(after.representation.norm()) == pytest.approx(
            float(before.representation.norm()), rel=1e-2
        )
        moved = after.representation - before.representation
        assert moved.norm() > 0.05 * before.representation.norm()
