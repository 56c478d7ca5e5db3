"""Limits from raw scores of pictures no release was fitted on, and the one place that judges."""

from engine.calibration.judging import called_ng, called_ok, count_alarms, judge
from engine.calibration.limits import limits_from
from engine.calibration.rates import Rate, good_pictures_needed, rate_interval, whole

__all__ = [
    "Rate",
    "called_ng",
    "called_ok",
    "count_alarms",
    "good_pictures_needed",
    "judge",
    "limits_from",
    "rate_interval",
    "whole",
]
