from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from engine.components import pyramid_search
from engine.errors import ModelError, RecipeError
from engine.methods.padim import Padim
from engine.methods.spade import Spade
from engine.parameters import PadimParameters, SpadeParameters
from engine.preprocess import Preprocessing
from engine.recipe import Masks
from engine.releases.blobs import content_of, pieces_of, read_tensors
from tests.small_parts import finished

pytestmark = pytest.mark.slow

SIZE, CHANNELS, GRIDS = 64, (6, 10, 14), (16, 8, 4)
N_GOOD = 9
LEFT_HALF = Masks(include=(((0, 0), (32, 0), (32, 64), (0, 64)),))
CORNER = Masks(include=(((0, 0), (20, 0), (20, 20), (0, 20)),))
"""Of which the coarser grids see less than the finest."""

Whole = NDArray[np.float64]


def levels(seed: int, batch: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, channels, side, side, generator=generator) + seed % 3
        for channels, side in zip(CHANNELS, GRIDS, strict=True)
    ]


def with_a_whole(seed: int) -> list[Tensor]:
    """As `levels`, with one of stride 32 that says which pictures are alike, seed by seed."""
    generator = torch.Generator().manual_seed(seed)
    return [*levels(seed), torch.randn(1, 5, 2, 2, generator=generator) / 100 + seed]


def empty(masks: Masks | None = None, **parameters: Any) -> Spade:
    preprocessing = Preprocessing(
        size=SIZE, masks=masks or Masks(), source_size=(SIZE, SIZE) if masks else None
    )
    return Spade(SpadeParameters(**parameters), preprocessing)


def fitted(
    pictures: Sequence[Sequence[Tensor]],
    groups: Sequence[int] | None = None,
    *,
    masks: Masks | None = None,
    **parameters: Any,
) -> Spade:
    found = empty(masks, **parameters)
    for number, picture in enumerate(pictures):
        found.collect(picture, picture=number, group=number if groups is None else groups[number])
    finished(found.build(0))
    return found


GOOD = [levels(number) for number in range(N_GOOD)]


def arrays(picture: Sequence[Tensor]) -> list[Whole]:
    return [level[0].double().numpy() for level in picture]


def whole(picture: Sequence[Tensor]) -> Whole:
    return np.concatenate([level.mean((1, 2)) for level in arrays(picture)])


def nearest_first(query: Sequence[Tensor], good: Sequence[Sequence[Tensor]]) -> NDArray[np.intp]:
    return cdist([whole(query)], [whole(picture) for picture in good])[0].argsort()


def cells(level: Whole) -> Whole:
    """(C, h, w) to (h · w, C)."""
    return level.reshape(len(level), -1).T


def enlarged(table: Whole, side: int) -> Whole:
    """Bilinear, align_corners=False, the border repeated."""
    at = (np.arange(side) + 0.5) * len(table) / side - 0.5
    return np.asarray(
        map_coordinates(table, np.meshgrid(at, at, indexing="ij"), order=1, mode="nearest")
    )


def mean_of_levels(query: Sequence[Tensor], gallery: Sequence[Sequence[Tensor]]) -> Whole:
    """The public code's score: per level the distance to the nearest row of all pictures."""
    maps = []
    for level, own in enumerate(arrays(query)):
        rows = np.concatenate([cells(arrays(picture)[level]) for picture in gallery])
        assert len(rows) == len(gallery) * GRIDS[level] ** 2
        found, _ = (
            NearestNeighbors(n_neighbors=1, algorithm="brute").fit(rows).kneighbors(cells(own))
        )
        maps.append(enlarged(found.reshape(own.shape[1:]), GRIDS[0]))
    return np.asarray(np.mean(maps, 0))


def as_one_vector(picture: Sequence[Tensor]) -> Whole:
    """Coarser levels repeated: (h · w, ΣC)."""
    repeated = [
        np.kron(level, np.ones((GRIDS[0] // level.shape[1],) * 2)) for level in arrays(picture)
    ]
    return cells(np.concatenate(repeated))


def concatenated(query: Sequence[Tensor], gallery: Sequence[Sequence[Tensor]]) -> Whole:
    """Eq. 2 of the paper as it stands, without any saving."""
    rows = np.concatenate([as_one_vector(picture) for picture in gallery])
    squared = cdist(as_one_vector(query), rows, "sqeuclidean").min(1)
    return np.asarray(squared.reshape(GRIDS[0], GRIDS[0]))


@pytest.mark.parametrize("k", [1, 3, N_GOOD, 50])
@pytest.mark.parametrize("squared", [True, False])
def test_the_image_score_is_the_mean_distance_to_the_nearest_pictures(
    k: int, squared: bool
) -> None:
    query = levels(99)
    scores = fitted(GOOD, image_neighbours=k, squared=squared).score(query)
    metric = "sqeuclidean" if squared else "euclidean"
    distances = cdist([whole(query)], [whole(picture) for picture in GOOD], metric)[0]
    assert scores.image[0] == pytest.approx(np.sort(distances)[:k].mean(), rel=1e-5)


def test_the_image_score_may_be_the_largest_value_of_the_blurred_map() -> None:
    scores = fitted(GOOD, image_score="map").score(levels(99, batch=2))
    assert scores.map is not None
    for image, compact in zip(scores.image, scores.map, strict=True):
        blurred = gaussian_filter(enlarged(compact.astype(float), SIZE), 4 * SIZE / 224)
        assert image == pytest.approx(blurred.max(), rel=1e-5)


def test_a_level_of_stride_32_alone_says_what_a_picture_is_like() -> None:
    good = [with_a_whole(number) for number in range(N_GOOD)]
    query = with_a_whole(4)
    query[0] = query[0] + 100  # what a place is like does not count here
    found = fitted(good, image_neighbours=3, map_neighbours=2)
    means = np.stack([arrays(picture)[3].mean((1, 2)) for picture in good])
    squared = cdist([arrays(query)[3].mean((1, 2))], means, "sqeuclidean")[0]
    scores = found.score(query)
    assert scores.map is not None
    assert scores.image[0] == pytest.approx(np.sort(squared)[:3].mean(), rel=1e-5)
    gallery = [good[number][:3] for number in squared.argsort()[:2]]
    assert np.allclose(scores.map[0], mean_of_levels(query[:3], gallery), rtol=1e-5)
    assert found.state()["means"].shape == (N_GOOD, 5)
    assert found.state()["picture 0"].shape == (
        sum(c * s * s for c, s in zip(CHANNELS, GRIDS, strict=True)),
    )


@pytest.mark.parametrize("image_score", ["pictures", "map"])
def test_what_is_no_number_in_any_level_is_not_scored(image_score: str) -> None:
    found = fitted([with_a_whole(number) for number in range(4)], image_score=image_score)
    for level in range(4):
        query = with_a_whole(9)
        query[level][0, 2, 1, 1] = torch.nan
        with pytest.raises(ModelError, match="no numbers for this picture"):
            found.score(query)


def test_a_stride_of_32_is_searched_where_there_is_nothing_finer() -> None:
    scores = fitted([picture[3:] for picture in map(with_a_whole, range(4))]).score(
        with_a_whole(9)[3:]
    )
    assert scores.map is not None and scores.map.shape == (1, 2, 2)


@pytest.mark.parametrize("k", [1, 4, 50])
def test_the_map_is_the_mean_of_the_levels_distances(k: int) -> None:
    query = levels(99)
    scores = fitted(GOOD, map_neighbours=k, image_neighbours=2).score(query)
    gallery = [GOOD[number] for number in nearest_first(query, GOOD)[:k]]
    assert scores.map is not None
    assert np.allclose(scores.map[0], mean_of_levels(query, gallery), rtol=1e-5)


@pytest.mark.parametrize("k", [1, 4, 50])
def test_multiplying_at_native_size_is_the_concatenated_distance(k: int) -> None:
    query = levels(99)
    scores = fitted(GOOD, map_neighbours=k, fusion="concat").score(query)
    gallery = [GOOD[number] for number in nearest_first(query, GOOD)[:k]]
    assert scores.map is not None
    assert np.allclose(scores.map[0], concatenated(query, gallery), rtol=1e-5)


@pytest.mark.parametrize("products", [3_000, 19_997, 150_000])
@pytest.mark.parametrize("fusion", ["levels", "concat"])
def test_no_rest_is_dropped_however_the_work_is_cut(
    fusion: str, products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = levels(99)
    at_once = fitted(GOOD[:3], fusion=fusion).score(query)
    monkeypatch.setattr(pyramid_search, "STEP_PRODUCTS", products)
    in_steps = fitted(GOOD[:3], fusion=fusion).score(query)
    assert at_once.map is not None and in_steps.map is not None
    assert np.allclose(at_once.map, in_steps.map, rtol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("fusion", ["levels", "concat"])
def test_a_picture_that_was_seen_scores_exactly_zero(fusion: str, precision: str) -> None:
    found = fitted(GOOD, image_neighbours=1, fusion=fusion, precision=precision)
    for picture in GOOD:
        scores = found.score([level * 1 for level in picture])
        assert scores.map is not None
        assert scores.image[0] == 0 and not scores.map.any()


@pytest.mark.parametrize("fusion", ["levels", "concat"])
def test_where_in_a_good_picture_a_place_lies_does_not_matter(fusion: str) -> None:
    """Unlike PaDiM, and unlike programs that compare the same place only."""
    turned = [[level.rot90(1, (2, 3)) for level in picture] for picture in GOOD]
    found, of_turned = fitted(GOOD, fusion=fusion), fitted(turned, fusion=fusion)
    one, other = found.score(levels(99)), of_turned.score(levels(99))
    assert one.map is not None and other.map is not None
    assert one.image[0] == pytest.approx(other.image[0], rel=1e-5)
    assert np.allclose(one.map, other.map, rtol=1e-5)
    padims = [Padim(PadimParameters(), Preprocessing(size=SIZE)) for _ in range(2)]
    for padim, pictures in zip(padims, (GOOD, turned), strict=True):
        for number, picture in enumerate(pictures):
            padim.collect(picture, picture=number, group=number)
        finished(padim.build(0))
    assert padims[0].score(levels(99)).image[0] != pytest.approx(
        padims[1].score(levels(99)).image[0]
    )


def test_half_precision_is_that_of_both_sides() -> None:
    query = levels(99)
    rounded = [level.half().float() for level in query]
    good = [[level.half().float() for level in picture] for picture in GOOD]
    found = fitted(GOOD, precision="float16", map_neighbours=N_GOOD)
    scores = found.score(query)
    assert scores.map is not None
    assert np.allclose(scores.map[0], mean_of_levels(rounded, good), rtol=1e-5)
    exact = fitted(GOOD, map_neighbours=N_GOOD).score(query)
    assert scores.image[0] == exact.image[0] and not np.array_equal(scores.map, exact.map)
    state = found.state()
    assert state["picture 0"].dtype == torch.float16 and state["means"].dtype == torch.float32


@pytest.mark.parametrize("fusion", ["levels", "concat"])
@pytest.mark.parametrize("groups", [None, [0, 0, 1, 2, 2, 2, 3, 4, 5]])
def test_holding_out_is_fitting_without_the_group(fusion: str, groups: list[int] | None) -> None:
    held_out = finished(fitted(GOOD, groups, fusion=fusion).leave_one_out())
    named = groups or list(range(N_GOOD))
    for number, query in enumerate(GOOD):
        others = [GOOD[n] for n in range(N_GOOD) if named[n] != named[number]]
        refitted = fitted(others, fusion=fusion).score(query)
        assert refitted.map is not None
        assert held_out.image[number] == pytest.approx(refitted.image[0], rel=1e-6)
        assert np.allclose(held_out.map[number], refitted.map[0], rtol=1e-6)


def test_one_part_alone_cannot_be_held_out() -> None:
    with pytest.raises(RecipeError, match="belong to one part"):
        finished(fitted(GOOD, [7] * N_GOOD).leave_one_out())


def test_a_loaded_release_can_be_held_out_and_updated_too() -> None:
    found = fitted(GOOD)
    loaded = empty().load_state(found.state())
    one, other = finished(found.leave_one_out()), finished(loaded.leave_one_out())
    assert np.array_equal(one.image, other.image) and np.array_equal(one.map, other.map)


class TestInspectedRegion:
    def test_the_nearest_is_sought_in_it_alone(self) -> None:
        """Half of every level is cut away beforehand, and nothing else is masked."""
        query = levels(99)
        halves = [[level[..., : level.shape[-1] // 2] for level in p] for p in [*GOOD, query]]
        scores = fitted(GOOD, masks=LEFT_HALF, map_neighbours=3).score(query)
        near = nearest_first(halves[-1], halves[:-1])
        squared = cdist([whole(halves[-1])], [whole(p) for p in halves[:-1]], "sqeuclidean")[0]
        assert scores.image[0] == pytest.approx(np.sort(squared)[:5].mean(), rel=1e-5)
        expected = []
        for level in range(3):
            rows = np.concatenate([cells(arrays(halves[number])[level]) for number in near[:3]])
            found = cdist(cells(arrays(halves[-1])[level]), rows).min(1)
            table = found.reshape(GRIDS[level], GRIDS[level] // 2)
            # Beside the border the last inspected column alone has a say.
            beyond = np.concatenate([table, table[:, -1:].repeat(table.shape[1], 1)], 1)
            expected.append(enlarged(beyond, GRIDS[0])[:, : GRIDS[0] // 2])
        assert scores.map is not None
        assert np.allclose(scores.map[0][:, : GRIDS[0] // 2], np.mean(expected, 0), rtol=1e-5)
        assert np.isnan(scores.map[0][:, GRIDS[0] // 2 :]).all()

    def test_a_coarse_level_has_no_say_far_from_its_cells(self) -> None:
        """The corner's fifth column of cells lies in a cell of stride 16 that is not inspected."""
        found = fitted(GOOD, masks=CORNER)
        scores = found.score(levels(99))
        origins = found.provenance
        counts = [int((origins[:, 4] == level).sum()) // N_GOOD for level in range(3)]
        assert counts == [25, 4, 1]
        assert scores.map is not None
        assert np.isfinite(scores.map[0, :5, :5]).all() and np.isnan(scores.map).sum() == 16**2 - 25

    def test_concatenated_keeps_the_coarse_cells_that_lie_around(self) -> None:
        found = fitted(GOOD, masks=CORNER, fusion="concat", map_neighbours=N_GOOD)
        scores = found.score(levels(99))
        origins = found.provenance
        counts = [int((origins[:, 4] == level).sum()) // N_GOOD for level in range(3)]
        assert counts == [25, 9, 4]
        inside = np.zeros((16, 16), bool)
        inside[:5, :5] = True
        rows = np.concatenate([as_one_vector(picture)[inside.ravel()] for picture in GOOD])
        expected = cdist(as_one_vector(levels(99))[inside.ravel()], rows, "sqeuclidean").min(1)
        assert scores.map is not None
        assert np.allclose(scores.map[0, :5, :5].ravel(), expected, rtol=1e-5)

    def test_smaller_than_a_coarse_cell_it_is_refused(self) -> None:
        speck = Masks(include=(((0, 0), (6, 0), (6, 6), (0, 6)),))
        with pytest.raises(RecipeError, match=r"smaller than one cell of the 3\. layer"):
            fitted(GOOD, masks=speck)


@pytest.mark.parametrize("fusion", ["levels", "concat"])
def test_each_row_says_which_cell_it_is(fusion: str) -> None:
    groups = [5, 5, 6, 7, 8, 9, 9, 9, 4]
    found = fitted(GOOD, groups, masks=CORNER, fusion=fusion)
    state, origins = found.state(), found.provenance
    start = 0
    for picture in range(N_GOOD):
        row = state[f"picture {picture}"]
        while len(row):
            number, i, j, group, level = origins[start].tolist()
            assert (number, group) == (picture, groups[picture])
            embedding = GOOD[picture][level][0, :, i, j]
            assert torch.equal(row[: len(embedding)], embedding)
            row, start = row[len(embedding) :], start + 1
    assert start == len(origins)


def test_its_bank_lies_on_the_disk_until_it_is_looked_at(tmp_path: Path) -> None:
    found = fitted(GOOD)
    path = tmp_path / "blob"
    path.write_bytes(b"".join(pieces_of(content_of(found.state(), large_bytes=0))))
    with pytest.raises(ModelError, match="its hash is not its name"):
        read_tensors(path, large_bytes=0)
    state = read_tensors(named_by_hash(path), large_bytes=0)
    loaded = empty().load_state(state)
    one, other = found.score(levels(99)), loaded.score(levels(99))
    assert np.array_equal(one.image, other.image) and np.array_equal(one.map, other.map)


def named_by_hash(path: Path) -> Path:
    return path.rename(
        path.with_name(f"{hashlib.sha256(path.read_bytes()).hexdigest()}.safetensors")
    )


def test_rows_of_other_layers_are_refused() -> None:
    state = fitted(GOOD).state()
    state["picture 2"] = state["picture 2"][:-1]
    with pytest.raises(ModelError, match="do not fit its layers"):
        empty().load_state(state)


def test_memory_is_that_of_the_pictures_kept_ready_not_of_all() -> None:
    shapes = [(256, 64, 64), (512, 32, 32), (1024, 16, 16), (2048, 8, 8)]
    spade = Spade(SpadeParameters(), Preprocessing(size=256))
    assert spade.fit_bytes(shapes, 4000) < 1e9
    assert spade.fit_disk_bytes(shapes, 4000) == 4000 * 1_835_008 * 4
    half = Spade(SpadeParameters(precision="float16"), Preprocessing(size=256))
    assert half.fit_disk_bytes(shapes, 4000) == 4000 * 1_835_008 * 2
