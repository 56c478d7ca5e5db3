"""The pictures of the parts that can be looked at again: made small, or read from the archive."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engine.types import Image
from workstation.inspection.judging import JudgingDesk
from workstation.inspection.seen_part import SeenPart
from workstation.records.words import Outcome


class KeptPictures:
    """Puts off what costs time until the page repaints, and reads each picture once at most."""

    def __init__(self, read: Callable[[int], Image | None]) -> None:
        """`read` gives the archived picture of an inspection; None where there is none."""
        self._read = read
        self._whole: set[SeenPart] = set()
        self._looked_up: set[int] = set()

    def took(self, part: SeenPart) -> None:
        """Note a part that bears its whole picture."""
        self._whole.add(part)

    def with_picture(self, part: SeenPart) -> SeenPart:
        """Give the part with the picture of the archive where it has none."""
        if part.picture is not None:
            return part
        self._looked_up.add(part.inspection_id)
        image = self._read(part.inspection_id)
        return part if image is None else part.with_picture(image)

    def tidy(self, recent: deque[SeenPart], judging: JudgingDesk) -> bool:
        """Do what was put off; True where the page shows something new by it."""
        self._shrink(recent, judging)
        held = judging.held
        fetched = held is not None and self._wanting(held)
        if held is not None and fetched:
            judging.replaced(self.with_picture(held))
        return self._fetch_one(recent) or fetched

    def _shrink(self, recent: deque[SeenPart], judging: JudgingDesk) -> None:
        """Let go of the whole pictures of all parts; the live one is held elsewhere."""
        small: dict[SeenPart, SeenPart] = {}
        for part in [*recent, *judging.waiting, judging.held]:
            if part is not None and part in self._whole:
                small.setdefault(part, part.kept())
        self._whole.clear()
        if small:
            kept = [small.get(part, part) for part in recent]
            recent.clear()
            recent.extend(kept)
        for part in small.values():
            judging.replaced(part)

    def _fetch_one(self, recent: deque[SeenPart]) -> bool:
        """After a restart, fetch the pictures of the last parts, one per repaint."""
        for index, part in enumerate(recent):
            if part.outcome in (Outcome.NG, Outcome.REVIEW) and self._wanting(part):
                recent[index] = self.with_picture(part)
                return True
        return False

    def _wanting(self, part: SeenPart) -> bool:
        return part.picture is None and part.inspection_id not in self._looked_up
