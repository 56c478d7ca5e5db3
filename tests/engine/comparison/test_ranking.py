"""Who is best, who is behind, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from engine.comparison.conclusion import conclusion
from engine.comparison.ranking import ranked_rows
from tests.engine.comparison.measured_candidates import dataset_of, measured_of

DATA = dataset_of(40, 40)
LABELS = np.arange(80) >= 40


def scores(separation: float, seed: int) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, 1, 80)
    return list(noise + separation * LABELS)


def test_the_order_is_that_of_the_image_auroc() -> None:
    given = {f"m{n}": scores(n, seed=n) for n in range(4)}
    rows = ranked_rows([(it, f"k{it}", measured_of(own, DATA)) for it, own in given.items()], DATA)
    by_sklearn = sorted(given, key=lambda it: -roc_auc_score(LABELS, given[it]))
    assert [row.name for row in rows] == by_sklearn
    assert rows[0].behind is None
    for row in rows[1:]:
        assert row.behind is not None
        expected = roc_auc_score(LABELS, given[rows[0].name]) - roc_auc_score(
            LABELS, given[row.name]
        )
        assert row.behind.value == pytest.approx(expected)


def test_of_two_equals_the_faster_comes_first() -> None:
    same = scores(2, seed=1)
    slow, fast = (measured_of(same, DATA, latency_ms=ms) for ms in (20.0, 5.0))
    rows = ranked_rows([("slow", "a", slow), ("fast", "b", fast)], DATA)
    assert [row.name for row in rows] == ["fast", "slow"]


def test_pictures_that_one_could_not_inspect_leave_the_difference() -> None:
    first, second = scores(3, seed=1), scores(1, seed=2)
    holed: list[float | None] = [None, *second[1:]]
    rows = ranked_rows(
        [("first", "a", measured_of(first, DATA)), ("second", "b", measured_of(holed, DATA))], DATA
    )
    expected = roc_auc_score(LABELS[1:], first[1:]) - roc_auc_score(LABELS[1:], second[1:])
    assert rows[1].behind is not None
    assert rows[1].behind.value == pytest.approx(expected)


def test_the_conclusion_tells_behind_from_not_distinguishable() -> None:
    best = scores(3, seed=1)
    alike = [score + 0.3 * n for score, n in zip(best, np.sin(np.arange(80)), strict=True)]
    rows = ranked_rows(
        [
            ("Best", "a", measured_of(best, DATA)),
            ("Alike", "b", measured_of(alike, DATA)),
            ("Guess", "c", measured_of(scores(0, seed=5), DATA)),
        ],
        DATA,
    )
    said = conclusion(rows, drawn=False)
    first, second = (row.name for row in rows[:2])
    assert said.startswith(f"{first} is best (image AUROC 0.9")
    assert f"; {second} (difference " in said
    assert "is not distinguishable from it; Guess (difference 0." in said
    assert said.endswith(") is behind it.")
    without_guess = conclusion(rows[:2], drawn=True)
    assert without_guess.startswith(f"On drawn defects {first} ranks first (image AUROC ")
    assert "but nothing is clearly best" in without_guess


def test_of_many_only_some_are_named() -> None:
    many = [(f"m{n}", f"k{n}", measured_of(scores(0.1 * n, n), DATA)) for n in range(9)]
    assert "more are" in conclusion(ranked_rows(many, DATA), drawn=False)


def test_what_cannot_be_told_from_guessing_is_said_so() -> None:
    few = dataset_of(3, 3)
    (row,) = ranked_rows([("Only", "a", measured_of([1, 3, 5, 2, 4, 6], few))], few)
    said = "candidate can be told from guessing; Only ranks first (image AUROC 0.667, 0."
    assert conclusion([row], drawn=False).startswith(f"No {said}")
    assert conclusion([row], drawn=True).startswith(f"On drawn defects no {said}")


def test_one_and_none() -> None:
    assert conclusion((), drawn=False) == "No candidate has any figures."
    (row,) = ranked_rows([("Only", "a", measured_of(scores(2, 1), DATA))], DATA)
    assert conclusion([row], drawn=False).startswith("Only is the only candidate with figures (")
