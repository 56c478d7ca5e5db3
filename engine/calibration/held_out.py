"""Which good pictures are kept from what learns, so that limits can come from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import RecipeError

_SHARE = 0.2


def draw_held_out(groups: Sequence[str], *, seed: int) -> frozenset[str]:
    """Draw whole groups until they have a fifth of the pictures.

    At least two groups, at most half of them, and one of two or three. All that learns in one fit
    draws with the fit's seed, so that the same pictures are new to all of it.

    Parameters
    ----------
    groups
        Of each picture; pictures of one part share a group.
    """
    each = list(dict.fromkeys(groups))
    order = np.random.default_rng(seed).permutation(len(each))
    drawn: set[str] = set()
    pictures = 0
    for number in order[: len(each) // 2]:
        if pictures >= _SHARE * len(groups) and len(drawn) > 1:
            break
        drawn.add(each[number])
        pictures += groups.count(each[number])
    return frozenset(drawn)


def draw_apart(groups: Sequence[str], *, seed: int, method: str) -> frozenset[str]:
    """Draw the groups that a method which learns must not learn from.

    Parameters
    ----------
    method
        Its title, for people.

    Raises
    ------
    RecipeError
        Fewer than two pictures are left to learn from, or to place limits.
    """
    apart = draw_held_out(groups, seed=seed)
    pictures = sum(group in apart for group in groups)
    if min(pictures, len(groups) - pictures) < 2:
        raise RecipeError(
            f"{method} learns from most good pictures and needs others, of other parts, for its "
            f"limits: at least 2 of each. There are {len(groups)} pictures of {len(set(groups))} "
            "parts beside the reference picture. Add pictures of other parts."
        )
    return apart
