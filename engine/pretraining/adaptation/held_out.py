"""Which good pictures an adaptation never sees, and which of the others it learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import RecipeError

FEWEST_PARTS = 10
"""Below it, what is held out is one part, and nothing follows from one part."""
_SHARE = 0.2


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
    each = list(dict.fromkeys(groups))
    if len(each) < FEWEST_PARTS:
        raise RecipeError(
            f"An adaptation needs good pictures of at least {FEWEST_PARTS} parts; there are "
            f"{len(each)} beside the reference picture. Add pictures, or fit without --adapt."
        )
    order = np.random.default_rng(seed).permutation(len(each))
    drawn: set[str] = set()
    pictures = 0
    for number in order[: len(each) // 2]:
        if pictures >= _SHARE * len(groups) and len(drawn) > 1:
            break
        drawn.add(each[number])
        pictures += groups.count(each[number])
    return frozenset(drawn)


def evenly(count: int, most: int) -> list[int]:
    """Give the numbers of at most `most` of `count` pictures, at even distances."""
    if count <= most:
        return list(range(count))
    return [number * count // most for number in range(most)]
