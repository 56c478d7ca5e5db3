"""Which back end a fit uses: the one that was named, or the fastest on this PC."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Literal

import torch
from torch import Tensor

from engine.components.backbone import Backbone
from engine.components.backends.places import Place
from engine.components.backends.serving import served
from engine.errors import BackendError, RecipeError
from engine.types import BackendName, FitStep, Precision

_STAGE = "Preparing the back end"
_ROUNDS = 9
_WARM_UP = 2
_FASTER = 0.9
"""Share of torch's time below which another back end is taken: less could be chance, and torch is
on every PC."""


@dataclass(frozen=True, eq=False)
class ChosenBackend:
    """A backbone as its fit computes it."""

    backbone: Backbone
    latency_ms: Mapping[BackendName, float]
    """Of one picture, the median of a few, on the machine of the fit; empty where the back end was
    named."""


def choose_backend(
    backbone: Backbone,
    wish: BackendName | Literal["auto"],
    precision: Precision,
    batch: Tensor,
    *,
    device: torch.device,
) -> Generator[FitStep, None, ChosenBackend]:
    """Let a backbone be computed as a recipe wishes.

    ``auto`` asks which library, never which precision: less of that changes scores, so it is for a
    person to choose. On a GPU there is torch alone, and nothing is measured.

    Parameters
    ----------
    batch
        (1, 3, S, S) float32, one good picture to measure with.

    Yields
    ------
    FitStep
        Not split is a back end's translation of the network.

    Raises
    ------
    RecipeError
        This PC lacks what was named, or it cannot compute this network.
    """
    yield FitStep(_STAGE, 0, 1, None)
    if wish != "auto":
        return ChosenBackend(_named(backbone, Place(wish, precision, device), batch), {})
    runners = {
        BackendName.TORCH: _named(backbone, Place(BackendName.TORCH, precision, device), batch)
    }
    for name in BackendName:
        place = Place(name, precision, device)
        if name not in runners and not place.missing:
            yield FitStep(_STAGE, len(runners), len(BackendName), None)
            # One that cannot compute this network is none of those to choose from.
            with suppress(BackendError):
                runners[name] = _warm(backbone, place, batch)
    if len(runners) == 1:
        return ChosenBackend(runners[BackendName.TORCH], {})
    times: dict[BackendName, list[float]] = {name: [] for name in runners}
    for done in range(_ROUNDS):
        # In turn, so that what else the machine does falls on all of them.
        for name, runner in runners.items():
            times[name].append(_timed_ms(runner, batch))
        yield FitStep("Timing the back ends", done + 1, _ROUNDS, None)
    latency_ms = {name: median(taken) for name, taken in times.items()}
    return ChosenBackend(runners[fastest(latency_ms)], latency_ms)


def fastest(latency_ms: Mapping[BackendName, float]) -> BackendName:
    """Give what ``auto`` takes: torch, unless another one is clearly faster."""
    best = min(latency_ms, key=latency_ms.__getitem__)
    clearly = latency_ms[best] <= _FASTER * latency_ms[BackendName.TORCH]
    return best if clearly else BackendName.TORCH


def _named(backbone: Backbone, place: Place, batch: Tensor) -> Backbone:
    try:
        return _warm(backbone, place, batch)
    except BackendError as error:
        raise RecipeError(
            f"{backbone.name} cannot be computed by {place}: {error}. Use --backend torch "
            "--precision float32, or another --device."
        ) from error


def _warm(backbone: Backbone, place: Place, batch: Tensor) -> Backbone:
    """Serve it, and let it compute the picture: what is slow once has happened then."""
    runner = served(backbone, place)
    for _ in range(_WARM_UP):
        _timed_ms(runner, batch)
    return runner


def _timed_ms(runner: Backbone, batch: Tensor) -> float:
    with torch.inference_mode():
        began = time.perf_counter()
        runner(batch)
        return (time.perf_counter() - began) * 1e3
