from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from engine.components import coverage
from engine.components.coreset import PROJECTED_DIMENSIONS, project
from engine.components.coverage import Covered, CoveringRows, PicturePatches, changed
from engine.components.mapped_coreset import mapped_coreset
from engine.errors import RecipeError

CELLS = torch.cartesian_prod(torch.arange(3), torch.arange(4))


def finished(steps: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def drawn(numbers: Sequence[int], dimensions: int = 5) -> list[PicturePatches]:
    """Pictures of a few kinds of patch each, as real ones are."""
    found = []
    for number in numbers:
        rng = np.random.default_rng(number)
        centres = rng.normal(0, 3, (3, dimensions))[rng.integers(0, 3, len(CELLS))]
        patches = centres + rng.normal(0, 0.4, centres.shape)
        found.append(PicturePatches(number, number, torch.from_numpy(patches).float()))
    return found


def table(pictures: Sequence[PicturePatches]) -> np.ndarray:
    return torch.cat([of.patches for of in pictures]).double().numpy()


def fitted(pictures: Sequence[PicturePatches], count: int) -> Covered:
    covering, owners = finished(mapped_coreset(pictures, count=count, cells=CELLS, seed=0))
    pairs = zip(pictures, owners, strict=True)
    return covering, [replace(of, owners=part) for of, part in pairs]


def farthest(pictures: Sequence[PicturePatches], rows: torch.Tensor) -> float:
    return float(cdist(table(pictures), rows.double().numpy()).min(1).max())


def change(
    bank: CoveringRows,
    pool: Sequence[PicturePatches],
    *,
    add: Sequence[PicturePatches] = (),
    remove: Sequence[int] = (),
    complete: bool = True,
) -> Covered:
    found: Covered = finished(
        changed(bank, pool, add=add, remove=remove, cells=CELLS, complete=complete)
    )
    return found


changes = st.lists(
    st.tuples(
        st.lists(st.integers(100, 130), max_size=4, unique=True),
        st.lists(st.integers(0, 6), max_size=3, unique=True),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 84), changes=changes, products=st.sampled_from([1, 60, 10**9]))
def test_scores_are_kept_within_the_radius_whatever_comes_and_goes(
    count: int, changes: list[tuple[list[int], list[int]]], products: int
) -> None:
    bank, pool = fitted(drawn(range(7)), count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "SEARCH_PRODUCTS", products)
        for add, remove in changes:
            numbers = {of.picture for of in pool}
            gone = sorted(numbers & set(remove))
            if len(gone) == len(numbers):
                continue
            new = drawn([number for number in add if number not in numbers])
            before = bank.radius
            bank, pool = change(bank, pool, add=new, remove=gone)
            assert bank.radius == before
            assert {of.picture for of in pool} == (numbers - set(gone)) | {n.picture for n in new}
    everything, rows = table(pool), bank.rows.double().numpy()
    queries = np.random.default_rng(count).normal(0, 4, (50, 5))
    to_all, to_bank = (cdist(queries, those).min(1) for those in (everything, rows))
    assert (to_all <= to_bank + 1e-9).all()
    assert (to_bank <= to_all + bank.radius + 1e-5).all()
    # Each row is the patch that its origin names, and each patch's owner is within the radius.
    for row, (picture, y, x, _) in zip(bank.rows, bank.origins.tolist(), strict=True):
        (of,) = [of for of in pool if of.picture == picture]
        assert torch.equal(row, of.patches[y * 4 + x])
    assert len(bank.origins.unique(dim=0)) == len(bank.origins)
    for of in pool:
        assert of.owners is not None
        away = (of.patches - bank.rows[of.owners]).norm(dim=1)
        assert float(away.max()) <= bank.radius + 1e-5


@settings(max_examples=30, deadline=None)
@given(count=st.integers(7, 84), gone=st.lists(st.integers(0, 6), min_size=1, max_size=4))
def test_without_the_pool_the_radius_says_what_still_holds(count: int, gone: list[int]) -> None:
    bank, pool = fitted(drawn(range(7)), count)
    rest = [of for of in pool if of.picture not in gone]
    if not {of.picture for of in rest} & set(bank.origins[:, 0].tolist()):
        return
    after, nothing = change(bank, [], remove=gone, complete=False)
    assert nothing == []
    assert len(after.rows) == len(bank.rows) - int(
        torch.isin(bank.origins[:, 0], torch.tensor(gone)).sum()
    )
    assert after.radius >= bank.radius
    assert farthest(rest, after.rows) <= after.radius + 1e-5


def test_it_goes_on_as_plain_greedy_does() -> None:
    bank, pool = fitted(drawn(range(7)), 20)
    new = drawn([50, 51, 52])
    after, _ = change(bank, pool, add=new)
    candidates, rows = table(new), bank.rows.double().numpy()
    while True:
        away = cdist(candidates, rows).min(1)
        if away.max() <= bank.radius:
            break
        rows = np.concatenate([rows, candidates[[away.argmax()]]])
    assert len(rows) > 20
    assert np.array_equal(after.rows.double().numpy(), rows)


def test_what_lies_near_the_bank_adds_nothing_to_it() -> None:
    bank, pool = fitted(drawn(range(7)), 20)
    copy = PicturePatches(50, 50, pool[3].patches.clone())
    after, pictures = change(bank, pool, add=[copy])
    assert torch.equal(after.rows, bank.rows)
    assert len(pictures) == 8


def test_there_and_back_again_the_bank_is_the_same() -> None:
    bank, pool = fitted(drawn(range(7)), 20)
    there, with_them = change(bank, pool, add=drawn([50, 51]))
    back, pictures = change(there, with_them, remove=[50, 51])
    assert len(there.rows) > len(back.rows)
    assert torch.equal(back.rows, bank.rows) and torch.equal(back.origins, bank.origins)
    for of, was in zip(pictures, pool, strict=True):
        assert of.owners is not None and was.owners is not None
        assert torch.equal(of.owners, was.owners)


def test_patches_collected_anew_have_no_owners_and_are_looked_at() -> None:
    bank, pool = fitted(drawn(range(7)), 20)
    remembered, _ = change(bank, pool, remove=[2, 4])
    anew, pictures = change(bank, drawn(range(7)), remove=[2, 4])
    assert anew.radius == remembered.radius == bank.radius
    assert farthest(pictures, anew.rows) <= bank.radius + 1e-5


def test_a_change_leaves_what_it_was_given() -> None:
    bank, pool = fitted(drawn(range(7)), 20)
    rows = bank.rows.clone()
    owners = [of.owners.clone() for of in pool if of.owners is not None]
    change(bank, pool, add=drawn([50, 51]), remove=[0, 1])
    assert torch.equal(bank.rows, rows)
    for of, was in zip(pool, owners, strict=True):
        assert of.owners is not None and torch.equal(of.owners, was)


def test_a_bank_that_loses_all_its_rows_begins_again_with_what_is_at_hand() -> None:
    bank, pool = fitted(drawn(range(3)), 1)
    (whose,) = bank.origins[:, 0].tolist()
    after, pictures = change(bank, pool, remove=[whose])
    assert farthest(pictures, after.rows) <= bank.radius + 1e-5
    with pytest.raises(RecipeError, match="nothing is left of what was remembered"):
        change(bank, [], remove=[whose], complete=False)


def test_the_radius_is_that_of_the_embeddings_not_of_their_projection() -> None:
    pictures = drawn(range(7), dimensions=PROJECTED_DIMENSIONS + 70)
    covering, owners = finished(mapped_coreset(pictures, count=10, cells=CELLS, seed=0))
    pool, projected = table(pictures), project(torch.cat([of.patches for of in pictures]), 0)
    away = np.linalg.norm(pool - covering.rows.double().numpy()[torch.cat(owners)], axis=1)
    assert covering.radius == pytest.approx(away.max())
    assert farthest(pictures, covering.rows) <= covering.radius + 1e-5
    chosen = project(covering.rows, 0)
    assert np.array_equal(torch.cat(owners), cdist(projected, chosen).argmin(1))
