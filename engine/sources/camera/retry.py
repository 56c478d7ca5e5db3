"""How long to wait before the next try at a camera that is lost."""

from __future__ import annotations

from itertools import chain, repeat

DELAYS_S = (1.0, 2.0, 5.0, 10.0)
"""The last one is repeated for ever: a camera may be away for a whole shift."""


class Retry:
    """Gives the waits one after the other, from the shortest again once a picture has come."""

    def __init__(self) -> None:
        self.start_again()

    def start_again(self) -> None:
        """Begin with the shortest wait: a picture came."""
        self._delays = chain(DELAYS_S, repeat(DELAYS_S[-1]))

    def next_s(self) -> float:
        """Give the seconds to wait now."""
        return next(self._delays)
