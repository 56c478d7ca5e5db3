"""All candidates measured one after the other, with progress, until done or told to end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import typer

from engine.comparison.apart import Ended, Refusal, measured_apart
from engine.comparison.candidates import Candidate, names
from engine.comparison.measured import KeptResults, Measured
from engine.comparison.ranking import ranked_rows
from engine.comparison.result import Comparison, NotMeasured
from engine.comparison.split import Split, split_of
from engine.errors import PictureError
from engine.types import FitStep
from workstation.cli.comparison.figures import between, figure
from workstation.cli.options import run_showing_progress

Result = TypeVar("Result")

CANDIDATES = "candidates"
"""Below the output folder: what was measured, by key."""


@dataclass(frozen=True)
class Plan:
    """What is to be compared, and where."""

    data: Path
    out: Path
    candidates: Sequence[Candidate]
    device: str
    part_pattern: str | None
    seed: int


class EndedTooEarlyError(Exception):
    """A person ended the comparison before there was anything to report."""


def run(plan: Plan, enough: Callable[[], bool]) -> Comparison:
    """Measure what was not measured before.

    Parameters
    ----------
    enough
        Whether to end: what is measured by then is reported.

    Raises
    ------
    EngineError
        The pictures cannot be read or divided.
    EndedTooEarlyError
        `enough` said so while the pictures were still being read.
    """
    steps = split_of(plan.data, plan.out, part_pattern=plan.part_pattern, seed=plan.seed)
    split = run_showing_progress(_until(enough, steps))
    kept = KeptResults(plan.out / CANDIDATES)
    kept.remove_unfinished()
    measured: list[tuple[str, str, Measured]] = []
    missing: list[NotMeasured] = []
    for number, (name, candidate) in enumerate(
        zip(names(plan.candidates), plan.candidates, strict=True), start=1
    ):
        try:
            key = candidate.key(split.sha256, device=plan.device)
        except PictureError as error:  # of its weights: that is no matter of the others
            missing.append(NotMeasured(name, str(error)))
            continue
        outcome: Measured | Refusal | Ended | None = kept.find(key)
        again = "" if outcome is None else ", kept from an earlier run"
        if outcome is None:
            heading = f"{number} of {len(plan.candidates)}, {name}: "
            outcome = _measure(plan, split, candidate, kept, key, heading, enough)
        match outcome:
            case Measured():
                measured.append((name, key, outcome))
                typer.echo(f"{name}: {_in_short(outcome)}{again}", err=True)
            case Refusal(reason):
                missing.append(NotMeasured(name, reason))
                typer.echo(f"{name}: not measured. {reason}", err=True)
            case Ended():
                missing.append(NotMeasured(name, "Ended before it was measured."))
    return Comparison(split, ranked_rows(measured, split.dataset), tuple(missing))


def _measure(
    plan: Plan,
    split: Split,
    candidate: Candidate,
    kept: KeptResults,
    key: str,
    heading: str,
    enough: Callable[[], bool],
) -> Measured | Refusal | Ended:
    if enough():
        return Ended()
    steps = measured_apart(candidate, split.dataset, kept, key, device=plan.device, enough=enough)
    return run_showing_progress(_headed(heading, steps))


def _headed(
    heading: str, steps: Generator[FitStep, None, Result]
) -> Generator[FitStep, None, Result]:
    """Put the candidate's name before every stage."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        yield replace(step, stage=heading + step.stage)


def _until(
    enough: Callable[[], bool], steps: Generator[FitStep, None, Result]
) -> Generator[FitStep, None, Result]:
    """Break off where it is enough."""
    while not enough():
        try:
            yield next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
    steps.close()
    raise EndedTooEarlyError


def _in_short(measured: Measured) -> str:
    evaluation = measured.evaluation
    auroc = figure(evaluation.image_auroc) + between(evaluation.image_auroc_95)
    return f"image AUROC {auroc}, fitted in {measured.fit_s:.1f} s"
