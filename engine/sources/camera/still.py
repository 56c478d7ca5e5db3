"""Takes one picture of each part that comes to rest before the camera."""

from __future__ import annotations

import itertools
from enum import StrEnum

import numpy as np

from engine.sources.base import PartIsStill
from engine.sources.camera.following import Following
from engine.sources.camera.look import Change, Grey, Look, change_from, movement

LEARN_S = 0.5
"""The empty picture is the mean of so many seconds, at least `LEARN_FRAMES` frames."""
LEARN_FRAMES = 5
FOLLOW_S = 10.0
"""Time constant with which the empty picture follows the light."""
GONE_FRAMES = 2
"""One frame that looks empty may be a flash."""
GONE = 0.7
"""A part that was taken is gone below this share of `presence`: fading light must not remove it."""
SHARPNESS_STEP = 0.1
"""A larger relative change of sharpness means that the camera is still focusing."""


class _State(StrEnum):
    """What is waited for; the value is the sentence for people."""

    LEARNING = "Learning how the empty place looks; keep it empty and still."
    EMPTY = "Waiting for a part."
    ARRIVING = "A part is there; waiting until it is still and sharp."
    LYING = "The part was taken; waiting until it is gone."


class StillPart:
    """Watches a place where one part after the other comes to rest.

    One part through gives exactly one picture, however often it stops and wherever light and
    shadow go meanwhile; a part that never stops gives none::

        LEARNING --still for LEARN_S--> EMPTY <--------------------------+
                                        |  ^                             |
             something with edges came  |  |  went on without a stop     |  looks empty
                                        v  |                             |
                                      ARRIVING --still and sharp: TAKE--> LYING
                                           ^                             |
                                           +-- left, the next touches it +

    *Something came* is a change from the empty picture that is larger than `presence` on average
    and has edges; *still* is a change of no more than `motion` for `still_s`, *sharp* a sharpness
    that has settled for as long; *left* means followed until its middle was out of the picture.
    The empty picture follows slow light while nothing is there, so that a part is never absorbed,
    however long it lies.

    What it needs: an empty place when it begins; parts whose rim or texture can be seen; between
    two parts a gap in which the place is seen to be empty, or, where parts touch, a field of view
    shorter than two of them. A shadow with a rim as sharp as a part's is taken for a part.
    """

    def __init__(self, config: PartIsStill) -> None:
        self._config = config
        self._state = _State.LEARNING
        self._empty: Grey | None = None
        self._noise = 0.0
        self._before_s = 0.0
        self._learned: list[Grey] = []
        self._learning_since_s = 0.0
        self._rest: Rest | None = None
        self._following: Following | None = None
        self._looks_empty = 0

    @property
    def waiting_for(self) -> str:
        """Say for people what is waited for."""
        return self._state.value

    def see(self, look: Look, now_s: float, *, may_take: bool = True, taken: bool = False) -> bool:
        """Look at the next frame; tell whether it is to be taken.

        Parameters
        ----------
        look
            The frame; all are of one shape.
        now_s
            When it was captured, on a clock that never goes back.
        may_take
            False while the line is stopped: a part that lies there is taken when it goes on.
        taken
            True where this frame was taken for a person or a trigger: the part in it is not taken
            again.
        """
        take = False
        if self._empty is None or look.grey.shape != self._empty.shape:
            self._learn(look.grey, now_s)
        else:
            change = change_from(self._empty, look.grey)
            if taken and self._state is not _State.LYING and self._is_there(change):
                self._lies(look, change)
            match self._state:
                case _State.EMPTY:
                    self._wait_for_part(self._empty, look, change, now_s)
                case _State.ARRIVING:
                    take = self._wait_for_rest(look, change, now_s) and may_take
                    if take:
                        self._lies(look, change)
                case _:
                    self._wait_until_gone(look, change, now_s)
        self._before_s = now_s
        return take

    def _learn(self, grey: Grey, now_s: float) -> None:
        """Learn the empty picture from looks among which nothing moves."""
        self._state = _State.LEARNING
        if self._learned and self._moves(grey):
            self._learned.clear()
        if not self._learned:
            self._learning_since_s = now_s
        self._learned.append(grey)
        if len(self._learned) >= LEARN_FRAMES and now_s - self._learning_since_s >= LEARN_S:
            self._noise = min(_movements(self._learned))
            self._empty = np.mean(self._learned, axis=0, dtype=np.float32)
            self._learned.clear()
            self._go_to(_State.EMPTY)

    def _moves(self, grey: Grey) -> bool:
        """Tell movement, which adds up from the first look on, from noise, which does not."""
        if grey.shape != self._learned[0].shape:
            return True
        noise = min(_movements([*self._learned[-LEARN_FRAMES:], grey]))
        return movement(self._learned[0], grey) > 1.5 * noise + self._config.motion

    def _wait_for_part(self, empty: Grey, look: Look, change: Change, now_s: float) -> None:
        if self._is_there(change):
            self._go_to(_State.ARRIVING)
        elif not change.has_edges:
            share = min(1.0, (now_s - self._before_s) / FOLLOW_S)
            self._empty = empty + np.float32(share) * (look.grey - empty)

    def _wait_for_rest(self, look: Look, change: Change, now_s: float) -> bool:
        """Tell whether the part lies still and sharp; go back where it went on without a stop."""
        if not self._is_there(change):
            self._go_to(_State.EMPTY)
            return False
        if self._rest is None:
            self._rest = Rest(look, now_s)
        limit = self._config.motion + self._noise
        return self._rest.lasted_s(look, now_s, motion=limit) >= self._config.still_s

    def _lies(self, look: Look, change: Change) -> None:
        """Follow a part that was taken until it is gone."""
        self._following = Following(look.grey, change)
        self._go_to(_State.LYING)

    def _wait_until_gone(self, look: Look, change: Change, now_s: float) -> None:
        there = self._is_there(change, share=GONE)
        self._looks_empty = 0 if there else self._looks_empty + 1
        if self._looks_empty >= GONE_FRAMES:
            self._go_to(_State.EMPTY)
        elif self._following is not None and self._following.has_left(look.grey, change):
            self._go_to(_State.ARRIVING)

    def _is_there(self, change: Change, *, share: float = 1.0) -> bool:
        limit = share * self._config.presence + self._noise
        return change.has_edges and change.mean > limit

    def _go_to(self, state: _State) -> None:
        self._state = state
        self._rest = None
        self._looks_empty = 0
        if state is not _State.LYING:
            self._following = None


def _movements(looks: list[Grey]) -> list[float]:
    return [movement(before, after) for before, after in itertools.pairwise(looks)]


class Rest:
    """For how long a part has lain still and sharp, from the first look of its rest."""

    def __init__(self, look: Look, now_s: float) -> None:
        self._first = look
        self._still_since_s = self._sharp_since_s = now_s
        self._sharpness = look.sharpness

    def lasted_s(self, look: Look, now_s: float, *, motion: float) -> float:
        """Give the seconds since something moved or the sharpness changed.

        Both are compared with how they were when the rest began, so that slow movement and slow
        focusing add up.
        """
        if movement(self._first.grey, look.grey) > motion:
            self._first, self._still_since_s = look, now_s
        if abs(look.sharpness - self._sharpness) > SHARPNESS_STEP * self._sharpness:
            self._sharpness, self._sharp_since_s = look.sharpness, now_s
        return now_s - max(self._still_since_s, self._sharp_since_s)
