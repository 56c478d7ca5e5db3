from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from engine.components.neighbours import Bank
from engine.components.searches import screened
from engine.components.searches.screened import ScreenedSearch, can_screen
from engine.errors import RecipeError
from engine.types import SearchName

EXACT = [name for name in SearchName if name is not SearchName.IVFPQ]


@pytest.fixture(autouse=True)
def _screens_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    # Slower where the processor has no bfloat16, but the same numbers.
    monkeypatch.setattr("engine.components.searches.can_screen", lambda device: True)


def clustered(count: int, dimensions: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    """Draw rows about a few centres far from 0, as patches lie."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(5, 3, (12, dimensions))
    rows = centres[rng.integers(0, 12, count)] + rng.normal(0, 0.5, (count, dimensions))
    return torch.from_numpy(scale * rows).float()


def brute(queries: torch.Tensor, rows: torch.Tensor) -> np.ndarray:
    return cdist(queries.double().numpy(), rows.double().numpy())


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 60),
    rows=st.integers(1, 400),
    dimensions=st.integers(1, 70),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
    seed=st.integers(0, 1000),
)
def test_it_finds_what_brute_force_finds(
    name: SearchName, count: int, rows: int, dimensions: int, scale: float, seed: int
) -> None:
    table = clustered(rows, dimensions, seed, scale)
    queries = clustered(count, dimensions, seed + 1, scale)
    distances, indices = Bank(table, search=name).nearest(queries)
    to_all = brute(queries, table)
    to_winner = to_all[np.arange(count), indices.numpy()]
    assert np.allclose(distances.numpy(), to_winner, rtol=1e-5)
    # Squares lose 1e-6 or so of the largest square to float32, in faiss too.
    rounding = 3e-6 * float(queries.square().sum(1).max() + table.square().sum(1).max())
    assert (to_winner**2 <= to_all.min(1) ** 2 + rounding).all()


@pytest.mark.parametrize("name", SearchName)
def test_a_query_equal_to_a_row_is_at_distance_0(name: SearchName) -> None:
    rows = clustered(600, 96)
    distances, _ = Bank(rows, search=name).nearest(rows.clone())
    found = torch.count_nonzero(distances == 0)
    assert found == 600 if name in EXACT else found > 590


@pytest.mark.parametrize("name", SearchName)
class TestWithoutAGroup:
    def test_its_rows_do_not_count(self, name: SearchName) -> None:
        rows, groups = clustered(900, 24), torch.arange(900) % 3
        bank = Bank(rows, groups, name)
        for group in range(3):
            distances, indices = bank.nearest(rows[:200], without_group=group)
            assert not (groups[indices] == group).any()
            expected = brute(rows[:200], rows[groups != group]).min(1)
            near = np.isclose(distances.numpy(), expected, rtol=1e-4)
            assert near.all() if name in EXACT else near.mean() > 0.9

    def test_where_no_row_counts_the_distance_is_infinite(self, name: SearchName) -> None:
        bank = Bank(clustered(300, 8), torch.full((300,), 5), name)
        distances, _ = bank.nearest(clustered(3, 8, seed=1), without_group=5)
        assert distances.isinf().all()


@pytest.mark.parametrize("name", SearchName)
def test_a_query_that_is_no_number_never_looks_good(name: SearchName) -> None:
    queries = clustered(3, 16)
    queries[1, 2] = torch.nan
    distances, _ = Bank(clustered(300, 16, seed=1), search=name).nearest(queries)
    assert distances.isfinite().tolist() == [True, False, True]


@pytest.mark.parametrize("name", SearchName)
def test_the_same_rows_are_found_again(name: SearchName) -> None:
    rows, queries = clustered(700, 40), clustered(50, 40, seed=1)
    first, again = (Bank(rows, search=name).nearest(queries) for _ in range(2))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])


def test_what_each_keeps_in_memory() -> None:
    rows = clustered(1500, 64)
    kept = {name: Bank(rows, search=name).nbytes / rows.nbytes for name in SearchName}
    assert kept[SearchName.EXACT] == kept[SearchName.FLAT] == 2
    assert kept[SearchName.SCREENED] < 2 and kept[SearchName.IVFPQ] < 1.4


class TestScreened:
    def test_few_candidates_are_left_even_where_distances_are_much_alike(self) -> None:
        # Noise in 128 directions: the harder, the more directions there are.
        search = ScreenedSearch(clustered(2000, 128))
        left = search.candidates(clustered(300, 128, seed=1), None)
        assert len(left.rows) < 6 * 300
        assert torch.equal(left.queries.unique(), torch.arange(300))

    @pytest.mark.parametrize("left_out", [None, 0])
    def test_the_nearest_of_many_that_look_alike_is_found_all_the_same(
        self, left_out: int | None
    ) -> None:
        rows = torch.ones(500, 16) * 3
        rows[123] += 1e-2
        groups = (torch.arange(500) >= 100).long()
        queries = torch.cat([rows[[123, 5]], clustered(20, 16), rows[[123]]])
        bank = Bank(rows, groups, SearchName.SCREENED)
        distances, indices = bank.nearest(queries, without_group=left_out)
        assert indices[[0, -1]].tolist() == [123, 123]
        assert indices[1] == (0 if left_out is None else 100)  # the first of its twins
        assert distances[[0, 1, -1]].tolist() == [0, 0, 0]
        expected, _ = Bank(rows, groups).nearest(queries, without_group=left_out)
        assert torch.equal(distances, expected)

    def test_blocks_are_put_together(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rows, queries = clustered(500, 32), clustered(60, 32, seed=1)
        whole = Bank(rows, search=SearchName.SCREENED).nearest(queries)
        monkeypatch.setattr(screened, "BLOCK_ROWS", 64)
        parts = Bank(rows, search=SearchName.SCREENED).nearest(queries)
        assert torch.equal(whole[0], parts[0]) and torch.equal(whole[1], parts[1])

    def test_it_is_asked_of_the_device(self) -> None:
        assert can_screen(torch.device("cpu")) in (True, False)


class TestIvfPq:
    def test_it_finds_most_and_is_never_nearer_than_the_nearest(self) -> None:
        rows, queries = clustered(1500, 48), clustered(300, 48, seed=1)
        distances, _ = Bank(rows, search=SearchName.IVFPQ).nearest(queries)
        expected = brute(queries, rows).min(1)
        assert (distances.numpy() >= expected * (1 - 1e-5)).all()
        assert np.isclose(distances.numpy(), expected, rtol=1e-4).mean() > 0.8
        assert (distances.numpy() / expected).max() < 1.5

    @pytest.mark.parametrize("dimensions", [3, 64, 227])
    def test_any_length_is_cut_into_pieces(self, dimensions: int) -> None:
        rows = clustered(300, dimensions)
        assert not Bank(rows, search=SearchName.IVFPQ).nearest(rows[:5])[0].any()

    def test_too_few_rows_are_refused(self) -> None:
        with pytest.raises(RecipeError, match="at least 256 remembered patches; there are 255"):
            Bank(clustered(255, 8), search=SearchName.IVFPQ)
