"""The limit slider's state: locked, unlocked for a minute, or on trial beside the old limit."""

from __future__ import annotations

from collections.abc import Callable

from engine.types import Limits

UNLOCKED_S = 60.0
STEP = 0.01
"""One press of − or + moves the reject limit by this share of the fitted one."""
LEAST = 0.05
"""The reject limit cannot go below this share of the fitted one."""


class LimitTrial:
    """Moves a limit on trial; the old one judges until the new one is kept.

    ::

        locked --unlock--> unlocked --move--> trial --keep / undo--> unlocked
           ^---------- 60 s without a touch: the trial is dropped ---------|
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._touched_at: float | None = None
        self._t2: float | None = None
        self.limits: Limits | None = None
        """Those that judge."""
        self.fitted_t2: float | None = None

    @property
    def locked(self) -> bool:
        """True while the limit cannot be moved."""
        return self._touched_at is None or self._clock() - self._touched_at >= UNLOCKED_S

    @property
    def seconds_left(self) -> float:
        """Time until it locks by itself; 0 when locked."""
        if self._touched_at is None or self.locked:
            return 0.0
        return UNLOCKED_S - (self._clock() - self._touched_at)

    @property
    def trial(self) -> Limits | None:
        """The limits on trial; None when none are, or when the lock has fallen."""
        if self._t2 is None or self.limits is None or self.locked:
            return None
        return self.limits.moved_to(self._t2)

    def judge_by(self, limits: Limits | None, *, fitted_t2: float | None) -> None:
        """Take over the limits of the release that now judges; a trial against others ends."""
        if limits != self.limits:
            self._t2 = None
        self.limits, self.fitted_t2 = limits, fitted_t2

    def unlock(self) -> None:
        """Allow moving for a minute; nothing to move without a release."""
        # A reject limit of 0 has no ratio by which the others could follow.
        if self.limits is not None and self.limits.t2 > 0:
            self._t2 = None
            self._touched_at = self._clock()

    def lock(self) -> None:
        """Forbid moving; a trial is dropped."""
        self._touched_at = self._t2 = None

    def touch(self) -> None:
        """Begin the minute again, such as while a reason is being typed."""
        if not self.locked:
            self._touched_at = self._clock()

    def move_to(self, t2: float) -> None:
        """Put the reject limit `t2` on trial; ignored while locked."""
        if self.locked or self.limits is None:
            return
        self.touch()
        self._t2 = max(t2, LEAST * (self.fitted_t2 or self.limits.t2))

    def step(self, steps: int) -> None:
        """Move by whole steps from the limit on trial, or from the one that judges."""
        if self.limits is not None:
            from_t2 = self.limits.t2 if self._t2 is None else self._t2
            self.move_to(from_t2 + steps * STEP * (self.fitted_t2 or self.limits.t2))

    def undo(self) -> None:
        """Drop the trial; the lock stays open until its minute is over."""
        self._t2 = None

    def kept(self) -> Limits | None:
        """End the trial and lock; gives the limits to keep, None without a trial."""
        limits = self.trial
        self.lock()
        return limits
