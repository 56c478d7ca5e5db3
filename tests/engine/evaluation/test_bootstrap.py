"""Resampled figures, against the same figure of pictures that are really drawn again."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from engine.evaluation.bootstrap import (
    bootstrap_interval,
    paired_difference,
    percentile_interval,
    resamples,
)
from engine.evaluation.metrics import f1_max
from engine.evaluation.ranked import Ranked

pytestmark = pytest.mark.slow


@pytest.fixture
def pictures():
    rng = np.random.default_rng(3)
    labels = np.repeat([False, True], [40, 25])
    return np.round(rng.normal(size=65) + 1.2 * labels, 1), labels


def test_draws_keep_the_number_of_good_and_of_defective_pictures(pictures):
    _, labels = pictures
    drawn = resamples(labels, n=50)
    assert (drawn[:, labels].sum(axis=1) == 25).all()
    assert (drawn[:, ~labels].sum(axis=1) == 40).all()
    assert np.array_equal(drawn, resamples(labels, n=50))
    assert not np.array_equal(drawn, resamples(labels, n=50, seed=1))


def test_a_weight_means_that_the_picture_is_there_so_often(pictures):
    scores, labels = pictures
    drawn = resamples(labels, n=20)
    ranked = Ranked.of(scores, labels, drawn)
    for number, times in enumerate(drawn):
        again, truth = np.repeat(scores, times), np.repeat(labels, times)
        assert ranked.auroc()[number] == pytest.approx(roc_auc_score(truth, again))
        expected = average_precision_score(truth, again)
        assert ranked.average_precision()[number] == pytest.approx(expected)
        assert ranked.f1_max()[number] == pytest.approx(f1_max(again, truth).f1)


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth, covered, trials = 0.760249939, 0, 150  # Phi(1 / sqrt 2): normal scores 1 sigma apart
    labels = np.repeat([True, False], [30, 40])
    for _ in range(trials):
        scores = rng.normal(size=70) + labels
        low, high = bootstrap_interval(Ranked.auroc, scores, labels, n=200)
        covered += low <= truth <= high
    assert 0.88 <= covered / trials <= 0.99


def test_a_perfect_ranking_promises_nothing():
    scores, labels = np.arange(20.0), np.arange(20) >= 10
    assert bootstrap_interval(Ranked.auroc, scores, labels) is None


def test_a_missing_class_gives_no_interval():
    assert bootstrap_interval(Ranked.auroc, [1.0, 2.0], [True, True]) is None
    assert paired_difference(Ranked.auroc, [1.0, 2.0], [2.0, 1.0], [True, True]) is None


def test_draws_without_a_figure_are_left_out():
    assert percentile_interval(np.array([np.nan, np.nan])) is None
    assert percentile_interval(np.array([np.nan, 0.0, 1.0]), level=1.0) == (0.0, 1.0)


def test_the_same_pictures_tell_more_than_two_intervals_side_by_side(pictures):
    scores, labels = pictures
    rng = np.random.default_rng(5)
    better = np.exp(scores + 0.6 * labels + rng.normal(0, 0.1, 65))  # scales may differ
    found = paired_difference(Ranked.auroc, better, scores, labels)
    expected = roc_auc_score(labels, better) - roc_auc_score(labels, scores)
    assert found.value == pytest.approx(expected)
    assert found.interval[0] < found.value < found.interval[1]
    assert found.is_clear
    first = bootstrap_interval(Ranked.auroc, better, labels)
    second = bootstrap_interval(Ranked.auroc, scores, labels)
    assert first[0] < second[1], "side by side they overlap"


def test_a_difference_has_a_sign(pictures):
    scores, labels = pictures
    other = np.random.default_rng(6).normal(size=65) + 1.2 * labels
    there = paired_difference(Ranked.average_precision, scores, other, labels)
    back = paired_difference(Ranked.average_precision, other, scores, labels)
    assert there.value == pytest.approx(-back.value)
    assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]))


def test_the_same_scores_do_not_differ(pictures):
    scores, labels = pictures
    found = paired_difference(Ranked.auroc, scores, 2 * scores + 1, labels)
    assert (found.value, found.interval, found.is_clear) == (0.0, None, False)


def test_scores_of_other_pictures_are_refused(pictures):
    scores, labels = pictures
    with pytest.raises(ValueError, match="do not go with"):
        paired_difference(Ranked.auroc, scores, scores[1:], labels)
