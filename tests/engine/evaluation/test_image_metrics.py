"""Figures of whole pictures, against scikit-learn, brute force and published properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from engine.evaluation.metrics import (
    BestF1,
    auroc_interval,
    average_precision,
    f1_max,
    image_auroc,
)


@settings(deadline=None)  # other work on the machine is no failure
@given(
    st.integers(2, 40).flatmap(
        lambda n: st.tuples(
            hnp.arrays(np.float32, n, elements=st.integers(0, 6)),
            hnp.arrays(np.bool_, n),
        )
    )
)
def test_auroc_with_many_ties_equals_scikit_learn(case):
    scores, labels = case
    if labels.all() or not labels.any():
        assert image_auroc(scores, labels) is None
    else:
        assert image_auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_a_missing_class_gives_no_figure():
    for labels in ([True, True], [False, False]):
        assert image_auroc([1.0, 2.0], labels) is None
        assert average_precision([1.0, 2.0], labels) is None
        assert f1_max([1.0, 2.0], labels) is None


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="not a number"):
        image_auroc([1.0, float("nan")], [True, False])


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="do not go with"):
        image_auroc([1.0, 2.0, 3.0], [True, False])


def test_f1_max_is_the_best_over_every_threshold():
    rng = np.random.default_rng(4)
    labels = rng.random(60) < 0.3
    scores = np.round(rng.random(60) + 0.4 * labels, 1)
    best = max(f1_score(labels, scores >= threshold) for threshold in np.unique(scores))
    found = f1_max(scores, labels)
    assert found.f1 == pytest.approx(best)
    assert f1_score(labels, scores >= found.threshold) == pytest.approx(best)


def test_of_thresholds_that_do_as_well_the_lowest_misses_the_fewest():
    scores, labels = [4.0, 3.0, 2.0, 1.0], [True, False, True, False]
    assert f1_score(labels, np.array(scores) >= 2) == pytest.approx(0.8)
    assert f1_max(scores, labels) == BestF1(f1=0.8, threshold=2.0)
    # From 3 on one of two is found and nothing else, from 1 on both and two good ones: 2/3 each.
    assert f1_max([3.0, 2.0, 2.0, 1.0], [True, False, False, True]).threshold == 1.0


@given(
    scores=hnp.arrays(np.float32, 12, elements=st.integers(0, 5)),
    labels=hnp.arrays(np.bool_, 12).filter(lambda it: it.any() and not it.all()),
)
@settings(deadline=None)
def test_average_precision_with_many_ties_equals_scikit_learn(scores, labels):
    expected = average_precision_score(labels, scores)
    assert average_precision(scores, labels) == pytest.approx(expected)


def test_average_precision_of_a_perfect_ranking_is_one():
    assert average_precision([0.1, 0.2, 0.8, 0.9], [False, False, True, True]) == 1.0


@pytest.mark.parametrize("auroc", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_interval_holds_the_observed_value_and_stays_within_bounds(auroc):
    low, high = auroc_interval(auroc, n_defective=30, n_good=50)
    assert 0.0 <= low <= auroc <= high <= 1.0
    assert high - low > 0.02


def test_interval_is_symmetric_under_exchange_of_the_classes():
    low, high = auroc_interval(0.8, n_defective=20, n_good=35)
    mirrored = auroc_interval(1 - 0.8, n_defective=35, n_good=20)
    assert mirrored == pytest.approx((1 - high, 1 - low))


def test_interval_ends_lie_two_standard_errors_from_the_observed_value():
    n_defective, n_good, auroc = 20, 35, 0.8
    others = (n_defective + n_good) / 2 - 1
    for end in auroc_interval(auroc, n_defective=n_defective, n_good=n_good):
        spread = 1 + others * ((1 - end) / (2 - end) + end / (1 + end))
        standard_error = np.sqrt(end * (1 - end) * spread / (n_defective * n_good))
        assert abs(end - auroc) / standard_error == pytest.approx(1.959964, abs=1e-5)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth, covered, trials = 0.921350396, 0, 400  # Phi(2 / sqrt 2): normal scores 2 sigma apart
    labels = np.repeat([True, False], [25, 40])
    for _ in range(trials):
        auroc = image_auroc(rng.normal(size=65) + 2 * labels, labels)
        low, high = auroc_interval(auroc, n_defective=25, n_good=40)
        covered += low <= truth <= high
    assert 0.92 <= covered / trials <= 0.99
