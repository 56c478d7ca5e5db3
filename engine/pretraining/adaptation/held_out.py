"""Which good pictures an adaptation never sees, and which of the others it learns from."""

from __future__ import annotations

from collections.abc import Sequence

from engine.calibration.held_out import draw_held_out
from engine.errors import RecipeError

FEWEST_PARTS = 10
"""Below it, what is held out is one part, and nothing follows from one part."""


def hold_out(groups: Sequence[str], *, seed: int) -> frozenset[str]:
    """Draw whole groups until they have a fifth of the pictures.

    Parameters
    ----------
    groups
        Of each picture; pictures of one part share a group.

    Raises
    ------
    RecipeError
        There are too few groups.
    """
    parts = len(set(groups))
    if parts < FEWEST_PARTS:
        raise RecipeError(
            f"An adaptation needs good pictures of at least {FEWEST_PARTS} parts; there are "
            f"{parts} beside the reference picture. Add pictures, or fit without --adapt."
        )
    return draw_held_out(groups, seed=seed)


def evenly(count: int, most: int) -> list[int]:
    """Give the numbers of at most `most` of `count` pictures, at even distances."""
    if count <= most:
        return list(range(count))
    return [number * count // most for number in range(most)]
