"""The image score of PatchCore's Eq. 7, against the paper's own form in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.components.embedding import concat
from tests.engine.methods.small_patchcore import distances, fitted, good, levels, same
from tests.small_parts import finished


def equation_7(spread: np.ndarray, score: float) -> float:
    """The paper's own form, which overflows above 700 even in double precision."""
    return float((1 - np.exp(score) / np.exp(spread).sum()) * score)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), neighbours=st.integers(2, 20), scale=st.floats(0.01, 3))
def test_it_is_equation_7(seed: int, neighbours: int, scale: float) -> None:
    pictures = [[level * scale for level in picture] for picture in good(3)]
    found = fitted(pictures, coreset=0.5, image_score="reweighted", neighbours=neighbours)
    query = [level * scale for level in levels(seed + 100)]
    assert found.bank is not None
    rows = found.bank.rows
    table = distances(concat(query)[0], rows)
    worst = int(table.min(1).argmax())
    around = distances(rows[[int(table[worst].argmin())]], rows)[0].argsort()[:neighbours]
    expected = equation_7(table[worst][around], table[worst].min())
    (score,) = found.score(query).image
    assert score == pytest.approx(expected, rel=1e-4)
    # "max" is s* itself; the bracket of Eq. 7 lies in [1 - 1 / b, 1).
    largest = table.min(1).max()
    assert (1 - 1 / neighbours) * largest * (1 - 1e-5) <= score <= largest


@pytest.mark.parametrize("distance", [1e3, 1e6])
def test_large_distances_do_not_overflow(distance: float) -> None:
    found = fitted(good(), coreset=0.5, image_score="reweighted")
    query = [level + distance for level in levels(99)]
    largest = fitted(good(), coreset=0.5).score(query).image[0]
    (score,) = found.score(query).image
    assert largest > distance
    assert (1 - 1 / 9) * largest * (1 - 1e-5) <= score <= largest


def test_more_neighbours_than_rows_are_all_rows() -> None:
    few = fitted(good(), coreset=0.02, image_score="reweighted", neighbours=500)
    assert few.bank is not None
    exactly = fitted(good(), coreset=0.02, image_score="reweighted", neighbours=len(few.bank))
    assert same(few.score(levels(99)), exactly.score(levels(99)))


def test_a_bank_of_one_row_does_not_call_everything_good() -> None:
    one = fitted(good(), coreset=1e-9, image_score="reweighted")
    assert one.bank is not None and len(one.bank) == 1
    assert same(
        one.score(levels(99)), fitted(good(), coreset=1e-9, image_score="max").score(levels(99))
    )


def test_the_map_is_never_reweighted() -> None:
    maps = [
        fitted(good(), coreset=0.5, image_score=kind).score(levels(99)).map
        for kind in ("max", "reweighted")
    ]
    assert np.array_equal(*maps)


def test_eq_7_looks_at_the_other_groups_only() -> None:
    groups = [3, 3, 5, 5]
    found = fitted(good(4), groups=groups, coreset=1, image_score="reweighted", neighbours=100)
    held_out = finished(found.leave_one_out())
    for number, group in enumerate(groups):
        others = [other for other in range(4) if groups[other] != group]
        alone = fitted(
            [levels(other) for other in others],
            coreset=1,
            image_score="reweighted",
            neighbours=100,
        )
        assert held_out.image[number] == pytest.approx(
            alone.score(levels(number)).image[0], rel=1e-5
        )
