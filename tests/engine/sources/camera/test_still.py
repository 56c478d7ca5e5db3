"""One part through is one picture, whatever light, shadow and noise do meanwhile."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sources.base import PartIsStill
from engine.sources.camera.look import EDGES, change_from, look_at
from engine.sources.camera.still import FOLLOW_S, StillPart
from tests.engine.sources.camera.belt import PART_PX, WIDTH, Belt, Shadow

pytestmark = pytest.mark.slow

STILL = PartIsStill()
FAR = PART_PX + WIDTH
TWO_STOPS = (50, 110)


def taken(belt: Belt, config: PartIsStill = STILL) -> list[tuple[float, float]]:
    """Give the time of each picture and how long the part had rested, both in seconds."""
    part = StillPart(config)
    return [
        (time_s, rested_s)
        for (time_s, frame), (_, _, rested_s) in zip(belt.frames(), belt.places(), strict=True)
        if part.see(look_at(frame), time_s)
    ]


BELTS = {
    "empty": Belt(parts=0),
    "three parts": Belt(parts=3),
    "dark parts, backwards": Belt(parts=2, backwards=True, contrast=-40),
    "noise": Belt(noise=5),
    "faint": Belt(contrast=25),
    "slow camera": Belt(frames_per_s=10),
    "stops twice": Belt(stops_px=TWO_STOPS),
    "touching": Belt(parts=3, pitch_px=PART_PX),
    "touching, backwards": Belt(parts=3, pitch_px=PART_PX, backwards=True),
    "close together": Belt(parts=3, pitch_px=PART_PX + 30),
    "light grows": Belt(rest_s=8, light_per_s=0.02),
    "light fades": Belt(rest_s=8, light_per_s=-0.02),
    "shadow passes": Belt(parts=0, shadow=Shadow(1.2, 60, 0.3)),
    "shadow stays": Belt(parts=0, shadow=Shadow(1.2, 60, 0.3, stays_at_px=80)),
    "shadow passes parts": Belt(parts=2, rest_s=5, shadow=Shadow(1.2, 60, 0.3)),
    "shadow stays on parts": Belt(parts=2, rest_s=5, shadow=Shadow(1.2, 60, 0.3, stays_at_px=80)),
}


@pytest.mark.parametrize("belt", BELTS.values(), ids=BELTS)
def test_one_part_is_one_picture(belt: Belt) -> None:
    pictures = taken(belt)
    assert len(pictures) == belt.parts
    assert all(rested_s > 0 for _, rested_s in pictures)


shadows = st.builds(
    Shadow,
    from_s=st.floats(1.5, 4),
    speed_px_s=st.floats(60, 200),
    darkness=st.floats(0.1, 0.3),
    stays_at_px=st.sampled_from([80.0, 1000.0]),
)
belts = st.builds(
    Belt,
    parts=st.integers(0, 2),
    stops_px=st.one_of(st.tuples(st.integers(60, 100)), st.just(TWO_STOPS)),
    pitch_px=st.integers(FAR, FAR + 80),
    rest_s=st.floats(0.8, 2),
    light_per_s=st.floats(-0.006, 0.006),
    noise=st.floats(0, 3),
    shadow=st.none() | shadows,
    focus_s=st.sampled_from([0.0, 0.4]),
    backwards=st.booleans(),
    frames_per_s=st.sampled_from([12.0, 20.0, 30.0]),
    seed=st.integers(0, 10**6),
    contrast=st.sampled_from([-60.0, -40.0, 40.0, 60.0, 90.0]),
)


def check(belt: Belt, touching: bool) -> None:
    if touching:
        belt = replace(belt, pitch_px=PART_PX, stops_px=belt.stops_px[:1])
    # A part is not still while a shadow runs over it or the camera focuses.
    longer_s = belt.focus_s + (6.0 if belt.shadow else 0.0)
    belt = replace(belt, rest_s=belt.rest_s + longer_s)
    assert len(taken(belt)) == belt.parts


@settings(max_examples=5, deadline=None, derandomize=True)
@given(belt=belts, touching=st.booleans())
def test_one_part_is_one_picture_on_any_belt(belt: Belt, touching: bool) -> None:
    check(belt, touching)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True)
@given(belt=belts, touching=st.booleans())
def test_one_part_is_one_picture_on_many_belts(belt: Belt, touching: bool) -> None:
    check(belt, touching)


def test_a_part_that_never_stops_is_not_taken() -> None:
    assert taken(Belt(parts=2, stops_px=())) == []


def test_the_picture_waits_until_the_camera_has_focused() -> None:
    ((_, rested_s),) = taken(Belt(rest_s=2.5, focus_s=0.8))
    assert 0.8 <= rested_s < 0.8 + 2 * STILL.still_s


@pytest.mark.parametrize("still_s", [0.2, 0.6])
def test_the_picture_waits_until_the_part_has_been_still_for_as_long_as_asked(
    still_s: float,
) -> None:
    ((_, rested_s),) = taken(Belt(rest_s=2), PartIsStill(still_s=still_s))
    assert still_s <= rested_s <= still_s + 0.15


def test_a_part_is_taken_when_the_line_goes_on() -> None:
    belt, part, pictures = Belt(rest_s=3), StillPart(STILL), []
    for (time_s, frame), (_, _, rested_s) in zip(belt.frames(), belt.places(), strict=True):
        if part.see(look_at(frame), time_s, may_take=rested_s > 2):
            pictures.append(rested_s)
    assert pictures == [pytest.approx(2, abs=0.1)]


def test_a_part_that_an_order_took_is_not_taken_again() -> None:
    belt, part, ordered = Belt(parts=1, rest_s=3), StillPart(STILL), False
    for (time_s, frame), (_, _, rested_s) in zip(belt.frames(), belt.places(), strict=True):
        order = not ordered and rested_s > 0.05
        ordered |= order
        assert not part.see(look_at(frame), time_s, taken=order)
    assert ordered


def test_it_says_what_it_waits_for() -> None:
    part, said = StillPart(STILL), []
    for time_s, frame in Belt().frames():
        part.see(look_at(frame), time_s)
        if part.waiting_for not in said:
            said.append(part.waiting_for)
    assert [sentence.split(" ", 1)[0] for sentence in said] == ["Learning", "Waiting", "A", "The"]
    assert part.waiting_for == said[1]


def test_a_part_that_lies_still_is_never_absorbed() -> None:
    part = StillPart(STILL)
    for now_s, frame in Belt(rest_s=2).frames():
        lying = look_at(frame)
        if part.see(lying, now_s):
            break
    for second in range(int(5 * FOLLOW_S)):
        assert not part.see(lying, now_s + second)
    assert part.waiting_for.startswith("The part was taken")


def test_another_picture_size_is_learned_anew() -> None:
    part = StillPart(STILL)
    for time_s, frame in Belt(parts=0).frames():
        part.see(look_at(frame), time_s)
    part.see(look_at(np.zeros((100, 100, 3), np.uint8)), 99)
    assert part.waiting_for.startswith("Learning")


# What one frame tells


def test_a_look_is_small_and_costs_little_of_a_large_frame() -> None:
    look = look_at(np.full((2048, 2448, 3), 77, np.uint8))
    assert look.grey.shape == (80, 96) and look.grey.dtype == np.float32
    np.testing.assert_array_equal(look.grey, 77)
    assert look.sharpness == 0


def test_sharpness_falls_with_blur() -> None:
    sharp = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    values = [look_at(cv2.GaussianBlur(sharp, (0, 0), sigma)).sharpness for sigma in (1, 2, 4)]
    assert look_at(sharp).sharpness > values[0] > values[1] > values[2]


def test_light_alone_is_no_change() -> None:
    empty = np.random.default_rng(0).uniform(60, 120, (72, 96)).astype(np.float32)
    for light in (0.5, 0.9, 1.3):
        change = change_from(empty, empty * np.float32(light))
        assert change.mean < 0.5 and not change.has_edges


def test_a_soft_shadow_has_no_edges_and_a_part_has() -> None:
    empty = np.full((72, 96), 120, np.float32)
    across = np.clip((np.arange(96) - 20) / 12, 0, 1).astype(np.float32)
    assert not change_from(empty, empty - 40 * across).has_edges
    part = empty.copy()
    side = 1 + int(np.sqrt(EDGES * empty.size))
    part[30 : 30 + side, 40 : 40 + side] -= 40
    assert change_from(empty, part).has_edges
