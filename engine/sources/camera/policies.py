"""When a frame is taken for inspection that nobody ordered: small objects with one method each.

What people and triggers ask for comes first, whatever the policy: see `engine.sources.orders`.
"""

from __future__ import annotations

from typing import Protocol

from engine.sources.base import EveryFrame, OnDemand, PartIsStill, TriggerPolicy
from engine.sources.camera.captured import Captured
from engine.sources.camera.look import look_at
from engine.sources.camera.newest import NewestFrame
from engine.sources.camera.still import StillPart
from engine.sources.orders import Orders


class Policy(Protocol):
    """Looks at every frame."""

    def see(self, captured: Captured, *, ordered: bool) -> str:
        """Take the frame or let it go; give what is waited for, for people, or nothing.

        Called by the camera's thread. A frame that is `ordered` is taken already.
        """
        ...


class TakeEvery:
    """Puts every frame up; the engine takes the newest when it is free."""

    def __init__(self, newest: NewestFrame, orders: Orders) -> None:
        self._newest = newest
        self._orders = orders

    def see(self, captured: Captured, *, ordered: bool) -> str:
        """Put it up; see `Policy.see`."""
        if not ordered:
            self._newest.offer(captured, count=not self._orders.paused)
        return ""


class TakeOnDemand:
    """Takes nothing by itself."""

    def see(self, captured: Captured, *, ordered: bool) -> str:
        """Let it go; see `Policy.see`."""
        return "Waiting for a trigger."


class TakeStill:
    """Takes one frame of each part that comes to rest; none gets lost behind a slow inspection."""

    def __init__(self, config: PartIsStill, orders: Orders) -> None:
        self._part = StillPart(config)
        self._orders = orders

    def see(self, captured: Captured, *, ordered: bool) -> str:
        """Take it where the part in it lies still and was not taken yet; see `Policy.see`."""
        look = look_at(captured.bgr)
        may_take = not self._orders.paused
        if self._part.see(look, captured.captured_s, may_take=may_take, taken=ordered):
            self._orders.add_served(captured)
        return self._part.waiting_for


def policy_for(config: TriggerPolicy, newest: NewestFrame, orders: Orders) -> Policy:
    """Make the policy that `config` describes."""
    match config:
        case EveryFrame():
            return TakeEvery(newest, orders)
        case OnDemand():
            return TakeOnDemand()
        case PartIsStill():
            return TakeStill(config, orders)
