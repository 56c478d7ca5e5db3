"""What holds for every part the simulator draws, and for every kind of its defects."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest

from engine.pictures import Picture, image_sha256
from engine.synthetic.parts.drawn import DefectKind, Drawn, PartKind
from engine.synthetic.parts.graded import AREA_SHARE
from engine.synthetic.parts.parts import PARTS, Defect, draw_part
from engine.synthetic.pictures import SimulatedPicture, good_pictures, good_ring_pictures

pytestmark = pytest.mark.slow

NUMBERS = range(3)
EVERY_PART = pytest.mark.parametrize("part", PARTS)
EVERY_KIND = pytest.mark.parametrize(
    ("part", "kind"), [(part, kind) for part, it in PARTS.items() for kind in it.kinds]
)


@cache
def drawn(
    part: PartKind, number: int, kind: DefectKind | None = None, strength: float = 1.0
) -> Drawn:
    defect = None if kind is None else Defect(kind, strength)
    return draw_part(part, np.random.default_rng([5, number]), defect=defect)


def change(good: Drawn, bad: Drawn) -> np.ndarray:
    return np.abs(bad.image.astype(float) - good.image).mean(axis=2)


@EVERY_PART
class TestGoodParts:
    def test_the_same_seed_gives_the_same_picture_in_any_order(self, part: PartKind) -> None:
        forwards = [image_sha256(drawn(part, number).image) for number in NUMBERS]
        drawn.cache_clear()
        backwards = [image_sha256(drawn(part, number).image) for number in reversed(NUMBERS)]
        assert forwards == backwards[::-1]
        assert len(set(forwards)) == len(NUMBERS)

    def test_it_is_a_picture_with_its_masks(self, part: PartKind) -> None:
        it = drawn(part, 1)
        assert it.image.dtype == np.uint8 and it.image.shape == (*it.part_mask.shape, 3)
        assert it.kind is None and not it.mask.any()
        assert it.part_mask.mean() > 0.25
        assert (it.image[it.part_mask] == 255).mean() < 0.02

    def test_parts_differ_in_light_and_place(self, part: PartKind) -> None:
        images = [drawn(part, number).image.astype(float) for number in NUMBERS]
        assert np.ptp([image.mean() for image in images]) > 1
        assert min(np.abs(a - b).mean() for a, b in pairwise(images)) > 2

    def test_it_has_at_least_six_kinds_of_defects(self, part: PartKind) -> None:
        assert len(set(PARTS[part].kinds)) == len(PARTS[part].kinds) >= 6

    def test_missing_light_leaves_the_noise(self, part: PartKind) -> None:
        levels = []
        for loss in (0.0, 0.1, 1.0):
            image = draw_part(part, np.random.default_rng(1), light_loss=loss).image
            levels.append(float(image.mean()))
        assert levels[1] == pytest.approx(0.9 * levels[0], rel=0.02)
        assert levels[2] < 2
        assert 0.3 < image.std() < 2, "the sensor still reads noise"


@EVERY_KIND
class TestDefects:
    def test_only_the_defect_changes(self, part: PartKind, kind: DefectKind) -> None:
        bad = drawn(part, 3, kind)
        assert bad.kind is kind
        changed = change(drawn(part, 3), bad)
        near = cv2.dilate(bad.mask.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
        assert changed[near].sum() > 0.95 * changed.sum()
        assert changed[bad.mask].mean() > 5 * changed[~near].mean()

    def test_strength_is_a_share_of_the_part_and_is_seen(
        self, part: PartKind, kind: DefectKind
    ) -> None:
        seen = []
        for strength in (0.5, 2.0):
            bad = [drawn(part, number, kind, strength) for number in (0, 1)]
            share = np.mean([it.mask.sum() / it.part_mask.sum() for it in bad])
            wanted = AREA_SHARE * strength
            assert share == pytest.approx(wanted, rel=0.4)
            seen.append(sum(change(drawn(part, number), bad[number]).sum() for number in (0, 1)))
        assert seen[1] > 1.8 * seen[0]


@EVERY_KIND
@pytest.mark.parametrize("strength", [0.01, 25.0])
def test_any_strength_can_be_drawn(part: PartKind, kind: DefectKind, strength: float) -> None:
    assert drawn(part, 2, kind, strength).mask.any()


def test_a_defect_has_a_strength_above_nothing() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Defect(DefectKind.SCRATCH, 0)


def test_a_part_has_no_defects_of_another() -> None:
    with pytest.raises(KeyError):
        draw_part("ring", np.random.default_rng(0), defect=Defect(DefectKind.TOMBSTONE))


class TestSimulatedPictures:
    def test_they_are_pictures_for_a_fit(self) -> None:
        pictures: list[Picture] = [*good_ring_pictures(60, seed=0)]
        assert len({picture.group for picture in pictures}) == 60
        assert pictures[11].name == "ring 000012"
        image, sha256 = pictures[11].load()
        assert sha256 == image_sha256(image) == pictures[11].load()[1]

    def test_every_part_can_be_one(self) -> None:
        names = [good_pictures(part, 1, seed=0)[0].name for part in PARTS]
        assert names == ["ring 000001", "board 000001", "textile 000001"]

    def test_a_defect_is_drawn_on_the_same_part(self) -> None:
        good = SimulatedPicture(0, 3).draw()
        bad = SimulatedPicture(0, 3, Defect(DefectKind.CHIP)).draw()
        assert bad.mask.any()
        assert np.array_equal(good.part_mask, bad.part_mask)
