"""What `loupe calibrate` says: a table of limits and what each does, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from engine.calibration import Rate
from engine.calibration.candidates import Aim, Outcome
from engine.releases.folder import Release
from workstation.cli.fitted_limits import counted_words, interval_words, missing, missing_words
from workstation.cli.known_pictures import Calibration


def calibration_report(found: Calibration, applied: Release | None) -> dict[str, Any]:
    """Give it for the JSON report."""
    known, rule = found.known, found.release.manifest.rule
    n_good = found.as_it_is.overkill.trials
    return {
        "release": found.release.id,
        "rule": rule.model_dump(mode="json"),
        "n_good": n_good,
        "good_are_held_out_by_the_fit": found.own_scores,
        "n_ng": found.as_it_is.escape.trials if found.as_it_is.escape else 0,
        "left_out": {
            "fitted_on": list(known.fitted_on) if known else [],
            "ng_in_the_bank": list(known.ng_in_the_bank) if known else [],
            "copies": list(known.copies) if known else [],
            "faults": list(known.faults) if known else [],
        },
        "wishes": asdict(found.wishes),
        "good_pictures_missing": missing(found.wishes.false_alarm_rate, n_good),
        "as_it_is": _outcome(found.as_it_is),
        "candidates": {aim.value: _outcome(one) for aim, one in found.found.items()},
        "remarks": list(_remarks(found)),
        "applied": applied
        and {
            "release": applied.id,
            "folder": str(applied.folder),
            "parent": applied.manifest.parent,
            "reason": applied.manifest.reason,
            "person": applied.manifest.person,
        },
    }


def calibration_lines(found: Calibration, applied: Release | None) -> Iterator[str]:
    """Give it for the screen."""
    now, rule = found.as_it_is, found.release.manifest.rule
    kind = rule.kind if rule.kind == "score" else f"{rule.kind} of {rule.min_region_px:g} px²"
    origin = "held out by the fit" if found.own_scores else "not fitted on"
    yield f"release        {found.release.id}, rule: {kind}"
    yield f"good pictures  {now.overkill.trials} {origin}"
    yield f"NG pictures    {now.escape.trials if now.escape else 'none given'}"
    yield ""
    yield (
        f"{'limits':<17}{'review':>9}{'reject':>9}{'pixel':>9}  {'good called NG':<27}"
        f"{'NG called OK':<27}{'REVIEW':<10}F1"
    )
    rows: dict[str, Outcome] = {"as they are": now} | {a.value: o for a, o in found.found.items()}
    for name, one in rows.items():
        limits = one.limits
        escape = "" if one.escape is None else counted_words(one.escape)
        review = f"{one.good_review}" + ("" if one.ng_review is None else f" + {one.ng_review}")
        yield (
            f"{name:<17}{limits.t1:>9.4g}{limits.t2:>9.4g}{limits.pixel:>9.4g}  "
            f"{counted_words(one.overkill):<27}{escape:<27}{review:<10}"
            f"{'' if one.f1 is None else format(one.f1, '.3f')}"
        ).rstrip()
    yield ""
    yield from _remarks(found)
    if applied is not None:
        manifest = applied.manifest
        yield (
            f"Release {applied.id} in {applied.folder} has the new limits; its parent is "
            f"{manifest.parent}. {manifest.person}: {manifest.reason}"
        )


def _remarks(found: Calibration) -> Iterator[str]:
    """Say in words what the figures rest on."""
    now, wishes = found.as_it_is, found.wishes
    yield "In brackets is where the rate may lie, with 95 % confidence; ≤ is one-sided."
    if sentence := missing_words(wishes.false_alarm_rate, now.overkill.trials):
        yield f"The stated false-alarm rate {sentence}."
    if now.escape is None:
        yield "Pictures of NG parts (--ng) would tell what escapes, and allow more limits."
    else:
        bound = Rate(0, now.escape.trials)
        yield (
            f"Where none of the {bound.trials} NG pictures is OK, the share of such parts that "
            f"escape is {interval_words(bound)}."
        )
        for aim in Aim:
            if aim not in found.found:
                yield f"No limits give {aim}: some NG pictures score 0."
    known = found.known
    if known is None:
        return
    if known.fitted_on:
        yield (
            f"Left out, since the release was fitted on them and they would flatter it: "
            f"{_named(known.fitted_on)}."
        )
    if known.ng_in_the_bank:
        yield (
            f"Left out, since the release was fitted on them as good pictures: "
            f"{_named(known.ng_in_the_bank)}. Fit again without them."
        )
    if known.copies:
        yield f"Left out as copies of others: {_named(known.copies)}."
    if known.faults:
        yield (
            f"Pictures that could not be inspected: {len(known.faults)}. First: {known.faults[0]}"
        )


def _outcome(one: Outcome) -> dict[str, Any]:
    return {
        "review_limit": one.limits.t1,
        "reject_limit": one.limits.t2,
        "pixel_limit": one.limits.pixel,
        "overkill": _rate(one.overkill),
        "escape": one.escape and _rate(one.escape),
        "good_review": one.good_review,
        "ng_review": one.ng_review,
        "f1": one.f1,
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "count": rate.events,
        "of": rate.trials,
        "share": rate.share,
        "interval_95": list(rate.interval_95),
    }


def _named(names: tuple[str, ...]) -> str:
    """Name the first few."""
    shown, more = names[:3], len(names) - 3
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
