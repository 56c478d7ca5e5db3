"""Focus and light of a live picture, as the release would see them before it judges."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.recipe import Roi
from engine.releases.folder import Release, write_release
from tests.small_parts import fitted, good_image, small_recipe, the_release
from workstation.system.setup_numbers import SetUp, place_of


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return write_release(the_release(), tmp_path_factory.mktemp("setup") / "release")


def set_up(release: Release) -> SetUp:
    return SetUp(release.manifest.preprocessing, release.manifest.picture_health)


def test_a_good_picture_stands_in_the_middle(release: Release) -> None:
    numbers = set_up(release).measure(good_image(500))
    for gauge in (numbers.focus, numbers.light):
        assert gauge.place is not None
        assert place_of(-3) < gauge.place < place_of(3)
        assert not gauge.warned
    assert numbers.sentence == ""
    assert numbers.rectangle == Roi(x=0, y=0, width=96, height=72)
    assert numbers.light.usual.endswith("of 255")


def test_out_of_focus_is_far_below_and_says_what_to_do(release: Release) -> None:
    blurred = np.asarray(cv2.GaussianBlur(good_image(500), (13, 1), 2.5), np.uint8)
    numbers = set_up(release).measure(blurred)
    assert numbers.focus.faulty
    assert numbers.focus.place is not None
    assert numbers.focus.place < place_of(-5)
    assert "focus" in numbers.sentence


def test_half_the_light_is_a_fault_and_leaves_the_focus_alone(release: Release) -> None:
    numbers = set_up(release).measure((good_image(500) // 2).astype(np.uint8))
    assert numbers.light.faulty
    assert "too dark" in numbers.sentence
    assert not numbers.focus.faulty


def test_without_a_release_there_are_numbers_and_no_place() -> None:
    numbers = SetUp().measure(good_image(1))
    assert numbers.focus.place is None
    assert numbers.focus.usual == ""
    assert numbers.sharpness > 0
    assert numbers.sentence == ""


def test_a_roi_beyond_the_picture_is_said_and_the_picture_measured_whole(tmp_path: Path) -> None:
    recipe = small_recipe(roi=Roi(x=20, y=10, width=60, height=50))
    release = write_release(fitted(recipe), tmp_path / "release")
    inside = set_up(release).measure(good_image(1))
    assert inside.rectangle == recipe.roi
    small = good_image(1)[:40, :50]
    numbers = set_up(release).measure(np.ascontiguousarray(small))
    assert numbers.rectangle is None
    assert "reaches beyond the picture" in numbers.sentence


def test_places_grow_with_the_distance_and_stay_on_the_gauge() -> None:
    places = [place_of(sigmas) for sigmas in (-1e6, -20, -3, 0, 3, 20, 1e6)]
    assert places == sorted(places)
    assert (places[0], places[3], places[-1]) == (0.0, 0.5, 1.0)
