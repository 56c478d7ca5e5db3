from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.pictures import Picture, image_sha256
from engine.synthetic.parts import DefectKind, Drawn, add_defect, draw_ring
from engine.synthetic.parts.defects import AREA_SHARE, CONTRAST_SIGMAS
from engine.synthetic.pictures import SimulatedPicture, good_ring_pictures


def ring(number: int) -> Drawn:
    return draw_ring(np.random.default_rng([5, number]))


def grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)


class TestGoodRings:
    def test_the_same_seed_gives_the_same_picture_in_any_order(self) -> None:
        forwards = [image_sha256(ring(number).image) for number in (1, 2, 3)]
        backwards = [image_sha256(ring(number).image) for number in (3, 2, 1)]
        assert forwards == backwards[::-1]
        assert len(set(forwards)) == 3

    def test_the_mask_is_one_piece_of_metal_with_its_holes(self) -> None:
        drawn = ring(1)
        assert drawn.image.shape == (480, 640, 3) and drawn.image.dtype == np.uint8
        assert drawn.kind is None and not drawn.mask.any()
        pieces, _ = cv2.connectedComponents(drawn.part_mask.astype(np.uint8))
        holes, _ = cv2.connectedComponents((~drawn.part_mask).astype(np.uint8))
        assert (pieces - 1, holes - 1) == (1, 8)  # the plate, the bore with its keyway, six bolts

    def test_metal_is_brighter_than_the_plate_and_hardly_clipped(self) -> None:
        drawn = ring(2)
        level = grey(drawn.image)
        assert np.median(level[drawn.part_mask]) > 2 * np.median(level[~drawn.part_mask])
        assert (drawn.image[drawn.part_mask] == 255).mean() < 0.01

    def test_parts_differ_in_light_and_place(self) -> None:
        rings = [ring(number) for number in range(8)]
        brightness = [float(grey(drawn.image)[drawn.part_mask].mean()) for drawn in rings]
        assert np.ptp(brightness) > 3
        centres = np.array([np.argwhere(drawn.part_mask).mean(axis=0) for drawn in rings])
        assert (np.ptp(centres, axis=0) > 1).all()
        assert (np.ptp(centres, axis=0) < 10).all()


@pytest.mark.parametrize("kind", DefectKind)
class TestDefects:
    def test_only_the_defect_changes(self, kind: DefectKind) -> None:
        good = ring(3)
        bad = add_defect(good, kind, 1.0, np.random.default_rng(1))
        near = cv2.dilate(bad.mask.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
        assert bad.kind is kind
        assert np.array_equal(bad.image[~near], good.image[~near])
        assert not good.mask.any()
        change = np.abs(grey(bad.image) - grey(good.image))
        assert change[bad.mask].sum() > 0.4 * change.sum()

    @pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
    def test_area_is_a_share_of_the_part(self, kind: DefectKind, strength: float) -> None:
        shares = []
        for number in range(6):
            bad = add_defect(ring(number), kind, strength, np.random.default_rng(number))
            shares.append(np.count_nonzero(bad.mask) / np.count_nonzero(bad.part_mask))
        assert np.median(shares) == pytest.approx(AREA_SHARE * strength, rel=0.4)

    def test_contrast_is_measured_in_sigmas_of_the_surface(self, kind: DefectKind) -> None:
        ratios = []
        for number in range(6):
            good = ring(number)
            bad = add_defect(good, kind, 0.5, np.random.default_rng(number))
            around = cv2.dilate(bad.mask.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
            levels = grey(good.image)[around & good.part_mask & ~bad.mask]
            sigma = 1.4826 * np.median(np.abs(levels - np.median(levels)))
            change = np.abs(grey(bad.image) - grey(good.image))[bad.mask].mean()
            ratios.append(change / (0.5 * CONTRAST_SIGMAS * max(sigma, 1.5)))
        assert np.median(ratios) == pytest.approx(1.0, rel=0.25)

    def test_a_stronger_one_is_seen_better(self, kind: DefectKind) -> None:
        good = ring(4)
        changes = [
            np.abs(
                grey(add_defect(good, kind, strength, np.random.default_rng(9)).image)
                - grey(good.image)
            ).sum()
            for strength in (0.3, 1.0, 3.0)
        ]
        assert changes == sorted(changes)


def test_a_part_has_one_defect_at_most() -> None:
    bad = add_defect(ring(1), DefectKind.DENT, 1.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="one defect"):
        add_defect(bad, DefectKind.STAIN, 1.0, np.random.default_rng(0))


class TestSimulatedPictures:
    def test_they_are_pictures_for_a_fit(self) -> None:
        pictures: list[Picture] = [*good_ring_pictures(60, seed=0)]
        assert len({picture.group for picture in pictures}) == 60
        assert pictures[11].name == "ring 000012"
        image, sha256 = pictures[11].load()
        assert sha256 == image_sha256(image) == pictures[11].load()[1]

    def test_a_defect_is_drawn_on_the_same_ring(self) -> None:
        good = SimulatedPicture(0, 3).draw()
        bad = SimulatedPicture(0, 3, DefectKind.CHIP).draw()
        assert bad.mask.any()
        assert np.array_equal(good.part_mask, bad.part_mask)
