"""Where a backbone can be computed, and in which order the places are tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import torch

from engine.device import has_bfloat16, open_device
from engine.types import BackendName, Precision

_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Place:
    """A back end in a precision on a device."""

    backend: BackendName
    precision: Precision
    device: torch.device

    def __str__(self) -> str:
        return f"{self.backend} in {self.precision} on {self.device}"

    @property
    def missing(self) -> str:
        """What this PC lacks for it, for people; empty where nothing."""
        on_cpu = self.device.type == "cpu"
        if self.backend is BackendName.OPENVINO:
            if not on_cpu:
                return "openvino computes on the processor only"
            if find_spec("openvino") is None:
                return "openvino is not installed"
        if self.precision is Precision.FLOAT16 and on_cpu:
            return "float16 needs a GPU"
        if self.precision is Precision.BFLOAT16 and not has_bfloat16(self.device):
            return f"this {'processor' if on_cpu else 'GPU'} has no bfloat16"
        return ""


LAST = Place(BackendName.TORCH, Precision.FLOAT32, _CPU)
"""Every PC has it, and every other place is measured by it: nothing is tried after it."""


def home_of(backend: BackendName | Literal["auto"], device: str) -> torch.device:
    """Give the device on which a fit or a release with this back end is computed.

    With ``auto`` for the device OpenVINO stays on the processor though there be a GPU.

    Raises
    ------
    RecipeError
        The device is not there.
    """
    chosen = open_device(device)
    return _CPU if backend == BackendName.OPENVINO and device == "auto" else chosen


def places_for(backend: BackendName, precision: Precision, *, device: str) -> Iterator[Place]:
    """Give the places where a release may be judged, in the order in which to try them.

    First the one it was fitted at; then the other back ends, as exact; last torch in float32 on
    the processor.

    Parameters
    ----------
    backend, precision
        Of the release.
    device
        As for `home_of`.

    Raises
    ------
    RecipeError
        The device is not there.
    """
    home = home_of(backend, device)
    others = [name for name in BackendName if name is not backend]
    for place in [Place(name, precision, home) for name in (backend, *others)]:
        if place == LAST:
            break
        yield place
    yield LAST
