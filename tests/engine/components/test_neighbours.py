from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from engine.components import neighbours
from engine.components.neighbours import Bank
from engine.components.searches import blocked


def drawn(count: int, dimensions: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed))


def brute(queries: torch.Tensor, rows: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    table = cdist(queries.double().numpy(), rows.double().numpy())
    return table.min(1), table.argmin(1)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 60),
    rows=st.integers(1, 300),
    dimensions=st.integers(1, 70),
    block_rows=st.sampled_from([7, 64, 8192]),
)
def test_it_equals_brute_force(count: int, rows: int, dimensions: int, block_rows: int) -> None:
    queries, table = drawn(count, dimensions), drawn(rows, dimensions, seed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocked, "BLOCK_ROWS", block_rows)
        distances, indices = Bank(table).nearest(queries)
    expected, _ = brute(queries, table)
    assert distances.dtype == torch.float32
    to_winners = (queries.double() - table[indices].double()).norm(dim=1)
    assert torch.allclose(distances.double(), to_winners, rtol=1e-5)
    # Of rows whose squared distances differ by less than ‖q‖² rounds off, either may win.
    rounding = 1e-6 * (1 + queries.square().sum(1).double().numpy())
    assert (to_winners.numpy() ** 2 <= expected**2 + rounding).all()


def test_several_blocks_of_the_real_size() -> None:
    rows = drawn(2 * blocked.BLOCK_ROWS + 3, 8)
    for wanted in (0, blocked.BLOCK_ROWS - 1, blocked.BLOCK_ROWS, len(rows) - 1):
        distances, indices = Bank(rows).nearest(rows[wanted][None])
        assert (float(distances), int(indices)) == (0, wanted)
    queries = drawn(20, 8, seed=1)
    distances, indices = Bank(rows).nearest(queries)
    expected, winners = brute(queries, rows)
    assert np.allclose(distances.numpy(), expected, atol=1e-5)
    assert np.array_equal(indices.numpy(), winners)


def test_many_queries_are_searched_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, queries = Bank(drawn(90, 8), torch.arange(90) // 30), drawn(50, 8, seed=1)
    whole = bank.nearest(queries, without_group=1)
    monkeypatch.setattr(neighbours, "FEWEST_QUERIES", 7)
    monkeypatch.setattr(neighbours, "TABLE_VALUES", 1)
    parts = bank.nearest(queries, without_group=1)
    assert torch.equal(whole[0], parts[0]) and torch.equal(whole[1], parts[1])


def test_a_query_equal_to_a_row_is_at_distance_0() -> None:
    rows = drawn(500, 96) * 3 + 20
    distances, indices = Bank(rows).nearest(rows.clone())
    assert torch.count_nonzero(distances) == 0
    assert torch.equal(indices, torch.arange(500))


def test_a_twin_is_at_distance_0_too() -> None:
    rows = drawn(50, 32).repeat(2, 1)
    assert torch.count_nonzero(Bank(rows).nearest(rows)[0]) == 0


class TestWithoutAGroup:
    @pytest.mark.parametrize("block_rows", [16, 8192])
    def test_its_rows_do_not_count(self, monkeypatch: pytest.MonkeyPatch, block_rows: int) -> None:
        monkeypatch.setattr(blocked, "BLOCK_ROWS", block_rows)
        rows, groups = drawn(90, 16), torch.arange(90) // 30
        bank = Bank(rows, groups)
        for group in range(3):
            distances, indices = bank.nearest(rows, without_group=group)
            expected, _ = brute(rows, rows[groups != group])
            assert np.allclose(distances.numpy(), expected, atol=1e-5)
            assert not (groups[indices] == group).any()

    def test_where_no_row_counts_the_distance_is_infinite(self) -> None:
        bank = Bank(drawn(9, 4), torch.full((9,), 5))
        distances, _ = bank.nearest(drawn(3, 4, seed=1), without_group=5)
        assert distances.isinf().all()

    def test_a_group_that_is_not_there_changes_nothing(self) -> None:
        bank = Bank(drawn(40, 4), torch.zeros(40, dtype=torch.int64))
        queries = drawn(9, 4, seed=1)
        with_all, without = bank.nearest(queries), bank.nearest(queries, without_group=3)
        assert torch.equal(with_all[0], without[0])
        assert torch.equal(with_all[1], without[1])


def test_a_query_that_is_no_number_never_looks_good() -> None:
    queries = drawn(3, 4)
    queries[1, 2] = torch.nan
    distances, _ = Bank(drawn(20, 4, seed=1)).nearest(queries)
    assert distances.isfinite().tolist() == [True, False, True]


class TestAround:
    def test_it_is_the_nearest_rows_in_order(self) -> None:
        rows = drawn(80, 8)
        order = np.argsort(cdist(rows, rows), axis=1)
        for row in (0, 17, 79):
            assert Bank(rows).around(row, 9).tolist() == order[row, :9].tolist()

    def test_the_row_itself_comes_before_its_twins(self) -> None:
        rows = drawn(20, 8)
        rows[3] = rows[11] = rows[7]
        around = Bank(rows).around(7, 3).tolist()
        assert around[0] == 7
        assert sorted(around) == [3, 7, 11]

    def test_it_gives_no_more_rows_than_there_are(self) -> None:
        assert sorted(Bank(drawn(4, 8)).around(2, 9).tolist()) == [0, 1, 2, 3]

    def test_the_rows_of_a_group_left_out_do_not_count(self) -> None:
        groups = torch.arange(20) % 4
        around = Bank(drawn(20, 8), groups).around(5, 50, without_group=2)
        assert around[0] == 5
        assert sorted(around.tolist()) == [row for row in range(20) if row % 4 != 2]


def test_a_bank_counts_its_rows() -> None:
    assert len(Bank(drawn(7, 2))) == 7
