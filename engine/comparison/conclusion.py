"""What the figures support, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from engine.comparison.ranking import Row
from engine.evaluation.bootstrap import Difference, Interval

_GUESSING = 0.5
"""The image AUROC of scores that know nothing."""
_NAMED = 3
"""Candidates of one kind that are named; of more, how many there are."""


def conclusion(rows: Sequence[Row], *, drawn: bool) -> str:
    """Say which candidate is best and which of the others the pictures cannot tell from it.

    Parameters
    ----------
    rows
        Best first, as of `ranked_rows`.
    drawn
        Whether the defects were drawn.
    """
    if not rows:
        return "No candidate has any figures."
    best = rows[0]
    evaluation = best.measured.evaluation
    if evaluation.image_auroc is None:
        return "The pictures that could be inspected are of one kind, so nothing can be ranked."
    figure = f"image AUROC {_with_interval(evaluation.image_auroc, evaluation.image_auroc_95)}"
    on_drawn = "On drawn defects " if drawn else ""
    if evaluation.image_auroc_95 is not None and evaluation.image_auroc_95[0] <= _GUESSING:
        nothing = "On drawn defects no" if drawn else "No"
        return f"{nothing} candidate can be told from guessing; {best.name} ranks first ({figure})."
    if len(rows) == 1:
        return f"{on_drawn}{best.name} is the only candidate with figures ({figure})."
    others = [(row.name, row.behind) for row in rows[1:] if row.behind is not None]
    alike = [(name, behind) for name, behind in others if not behind.is_clear]
    behind = [(name, behind) for name, behind in others if behind.is_clear]
    if alike and not behind:
        return (
            f"{on_drawn}{best.name} ranks first ({figure}), but nothing is clearly best: "
            f"{_listed(alike)} {_be(alike)} not distinguishable from it."
        )
    said = f"{on_drawn}{best.name} is best ({figure})"
    if alike:
        said += f"; {_listed(alike)} {_be(alike)} not distinguishable from it"
    if behind:
        said += f"; {_listed(behind)} {_be(behind)} behind it"
    return said + "."


def _be(others: Sequence[tuple[str, Difference]]) -> str:
    return "is" if len(others) == 1 else "are"


def _listed(others: Sequence[tuple[str, Difference]]) -> str:
    named = [
        f"{name} (difference {_with_interval(behind.value, behind.interval)})"
        for name, behind in others[:_NAMED]
    ]
    if len(others) > _NAMED:
        named.append(f"{len(others) - _NAMED} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _with_interval(value: float, interval: Interval | None) -> str:
    if interval is None:
        return f"{value:.3f}"
    low, high = interval
    return f"{value:.3f}, {low:.3f} to {high:.3f}"
