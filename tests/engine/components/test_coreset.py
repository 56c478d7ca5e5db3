from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.components import coreset
from engine.components.coreset import PROJECTED_DIMENSIONS, GreedyCoreset, project


def clustered(count: int, dimensions: int = 16, seed: int = 0) -> torch.Tensor:
    """Draw rows in clumps of different density, as patches of parts lie."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 4, (12, dimensions))
    spread = rng.uniform(0.2, 2, 12)
    clump = rng.integers(0, 12, count)
    rows = centres[clump] + rng.normal(size=(count, dimensions)) * spread[clump, None]
    return torch.from_numpy(rows.astype(np.float32))


def selected(pool: torch.Tensor, count: int) -> list[int]:
    greedy = GreedyCoreset(pool, count)
    for _ in greedy.steps():
        pass
    return greedy.chosen


def plain_greedy(pool: torch.Tensor, count: int) -> list[int]:
    """Roth et al., Algorithm 1, word for word in double precision."""
    rows = pool.double()
    chosen = [int((rows - rows.mean(0)).norm(dim=1).argmax())]
    nearest = (rows - rows[chosen[0]]).norm(dim=1)
    while len(chosen) < count:
        nearest[chosen[-1]] = -1
        chosen.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, (rows - rows[chosen[-1]]).norm(dim=1))
    return chosen


def is_greedy(pool: torch.Tensor, chosen: list[int]) -> bool:
    """Tell whether each choice was the farthest; of two as far to the last bits, either is."""
    rows = pool.double()
    nearest = (rows - rows[chosen[0]]).norm(dim=1)
    for row in chosen[1:]:
        if nearest[row] < nearest.max() - 1e-3:
            return False
        nearest = torch.minimum(nearest, (rows - rows[row]).norm(dim=1))
    return True


def radius(pool: torch.Tensor, chosen: list[int]) -> float:
    return float(torch.cdist(pool.double(), pool[chosen].double()).min(1).values.max())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("rows", "count"), [(3000, 700), (5000, 64), (1025, 65), (300, 20)])
def test_it_chooses_what_plain_greedy_chooses(rows: int, count: int, seed: int) -> None:
    pool = clustered(rows, seed=seed)
    # In double precision no two rows are as far to the last bit, on any processor.
    assert selected(pool.double(), count) == plain_greedy(pool, count)
    assert is_greedy(pool, selected(pool, count))


@settings(max_examples=25, deadline=None)
@example(seed=0, rows=3, share=1.0, block_rows=16)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(1, 400),
    share=st.floats(0.01, 1),
    block_rows=st.sampled_from([16, 100, 1024]),
)
def test_pruning_changes_nothing_whatever_the_block(
    seed: int, rows: int, share: float, block_rows: int
) -> None:
    pool = clustered(rows, seed=seed)
    count = max(1, int(rows * share))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coreset, "BLOCK_ROWS", block_rows)
        patch.setattr(coreset, "SORTING_CENTRES", 8)
        chosen = selected(pool, count)
    assert len(set(chosen)) == len(chosen) == count
    # All of them are chosen without a search, in the order in which they came.
    assert chosen == list(range(rows)) if count == rows else is_greedy(pool, chosen)


def test_more_rows_cover_better() -> None:
    pool = clustered(2000)
    chosen = selected(pool, 500)
    radii = [radius(pool, chosen[:count]) for count in (1, 5, 20, 100, 300, 500)]
    assert radii == sorted(radii, reverse=True)
    at_random = np.random.default_rng(0).permutation(2000)[:500].tolist()
    assert radii[-1] < 0.7 * radius(pool, at_random)


def test_the_same_pool_gives_the_same_choice() -> None:
    pool = clustered(3000)
    assert selected(pool, 300) == selected(pool.clone(), 300)


@pytest.mark.parametrize("count", [200, 201, 10_000])
def test_all_rows_at_most_and_each_once(count: int) -> None:
    assert sorted(selected(clustered(200), count)) == list(range(200))


class TestTwins:
    def test_nothing_but_twins(self) -> None:
        chosen = selected(torch.ones(3000, 8), 500)
        assert len(set(chosen)) == 500

    def test_no_row_is_chosen_twice_while_others_wait(self) -> None:
        pool = clustered(40).repeat(60, 1)
        chosen = selected(pool, 1200)
        assert len(set(chosen)) == 1200
        assert {row % 40 for row in chosen[:40]} == set(range(40))

    def test_rows_that_differ_by_less_than_rounding_are_all_kept_at_100_percent(self) -> None:
        pool = 30 + clustered(20).repeat(60, 1) + 1e-6 * clustered(1200, seed=1)
        assert sorted(selected(pool, 1200)) == list(range(1200))


class TestSteps:
    def test_they_are_short_and_tell_how_far_it_is(self) -> None:
        greedy = GreedyCoreset(clustered(30_000, dimensions=64), 3000)
        shares, longest, looked = [], 0.0, time.process_time()
        for step in greedy.steps():
            longest = max(longest, time.process_time() - looked)
            shares.append(step.fraction)
            assert step.total == 3000
            assert step.seconds_left is not None and step.seconds_left >= 0
            looked = time.process_time()
        assert len(greedy.chosen) == 3000
        assert shares == sorted(shares)
        assert longest < 0.15  # 30 ms on a machine of its own

    def test_closing_in_the_middle_leaves_what_was_chosen(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(coreset, "STEP_S", 0.0)
        pool = clustered(2000)
        greedy = GreedyCoreset(pool, 400)
        steps = greedy.steps()
        for step in steps:
            if step.done >= 150:
                break
        steps.close()
        assert 150 <= len(greedy.chosen) < 400
        assert greedy.chosen == selected(pool, 400)[: len(greedy.chosen)]
        assert next(steps, None) is None

    def test_a_small_pool_needs_no_step(self) -> None:
        assert list(GreedyCoreset(clustered(10), 3).steps()) == []


class TestProjection:
    def test_a_seed_gives_one_projection(self) -> None:
        pool = torch.randn(50, 384, generator=torch.Generator().manual_seed(0))
        assert torch.equal(project(pool, 3), project(pool, 3))
        assert not torch.equal(project(pool, 3), project(pool, 4))

    def test_it_leaves_torchs_own_generator_alone(self) -> None:
        before = torch.get_rng_state()
        project(torch.ones(2, 384), 3)
        assert torch.equal(torch.get_rng_state(), before)

    def test_distances_keep_their_size(self) -> None:
        pool = torch.randn(100, 1024, generator=torch.Generator().manual_seed(0))
        ratio = torch.pdist(project(pool, 0)) / torch.pdist(pool)
        assert project(pool, 0).shape == (100, PROJECTED_DIMENSIONS)
        assert 0.97 < float(ratio.mean()) < 1.03
        assert float(ratio.std()) < 0.1

    @pytest.mark.parametrize("dimensions", [1, 127, 128])
    def test_short_rows_stay_as_they_are(self, dimensions: int) -> None:
        pool = torch.ones(5, dimensions)
        assert project(pool, 0) is pool
