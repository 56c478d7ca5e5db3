"""What `loupe fit` says of limits: where they lie, what they rest on, which pictures to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.calibration import Rate, good_pictures_needed
from engine.calibration.suspects import SUSPECT_DEVIATIONS, suspects

if TYPE_CHECKING:
    from engine.releases.manifest import Manifest


def limits_report(manifest: Manifest) -> dict[str, Any]:
    """Give it for the JSON report."""
    calibration, limits = manifest.calibration, manifest.limits
    return {
        "review_limit": limits.t1,
        "reject_limit": limits.t2,
        "pixel_limit": limits.pixel,
        "false_alarm_rate": calibration.false_alarm_rate,
        "n_held_out": len(calibration.scores),
        "alarms_held_out": calibration.n_alarms,
        "alarm_rate_95": list(calibration.alarm_rate_95),
        "good_pictures_missing": missing(calibration.false_alarm_rate, len(calibration.scores)),
        "suspects": [
            {
                "picture": manifest.held_out[suspect.number].name,
                "score": suspect.score,
                "deviations": suspect.deviations,
            }
            for suspect in suspects(calibration.scores)
        ],
    }


def limits_lines(manifest: Manifest) -> Iterator[str]:
    """Give it for the screen."""
    calibration = manifest.calibration
    held_out = len(calibration.scores)
    yield f"review limit   {manifest.limits.t1:.4g}"
    yield f"reject limit   {manifest.limits.t2:.4g}"
    alarms = Rate(calibration.n_alarms, held_out)
    yield f"false alarms   {alarms.events} of {held_out} held out; {interval_words(alarms)}"
    if sentence := missing_words(calibration.false_alarm_rate, held_out):
        yield f"               {sentence}"
    found = suspects(calibration.scores)
    for suspect in found:
        yield (
            f"look at        {manifest.held_out[suspect.number].name}: score {suspect.score:.4g}, "
            f"{suspect.deviations:.1f} deviations above the median"
        )
    if found:
        where = "the limits" if manifest.kept_apart else "the bank and in the limits"
        yield (
            f"               More than {SUSPECT_DEVIATIONS:g} are told. Each is in {where} all "
            "the same: where a picture shows no good part, take it out of the folder and fit "
            "again."
        )


def pictures_words(manifest: Manifest) -> str:
    """Say what became of the good pictures."""
    fitted_on, apart = len(manifest.fitted_on), len(manifest.pictures) - len(manifest.fitted_on)
    if not apart:
        return f"{fitted_on} in the bank"
    return f"{fitted_on} learned from, {apart} kept apart for the limits"


def interval_words(rate: Rate) -> str:
    """Say what the rate behind a count may be, and which interval that is."""
    low, high = (100 * end for end in rate.interval_95)
    if rate.events == 0:
        return f"at most {high:.1f} % with 95 % confidence (one-sided)"
    return f"between {low:.1f} % and {high:.1f} % with 95 % confidence (two-sided)"


def counted_words(rate: Rate) -> str:
    """Give a count and the same interval, shortly; ≤ is one-sided."""
    low, high = (100 * end for end in rate.interval_95)
    bounds = f"≤ {high:.1f} %" if rate.events == 0 else f"{low:.1f}–{high:.1f} %"
    return f"{rate.events} of {rate.trials} ({bounds})"


def missing(false_alarm_rate: float, n_good: int) -> int:
    """Give how many more good pictures the stated rate needs."""
    return max(0, good_pictures_needed(false_alarm_rate) - n_good)


def missing_words(false_alarm_rate: float, n_good: int) -> str:
    """Say how many more good pictures the stated rate needs; nothing where it needs none."""
    more = missing(false_alarm_rate, n_good)
    if not more:
        return ""
    return (
        f"needs {more} more good pictures: only of {n_good + more}, with none above the limit, "
        f"would follow a rate of at most {100 * false_alarm_rate:.3g} % with 95 % confidence"
    )
