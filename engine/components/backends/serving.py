"""A backbone as one place computes it; its maps are float32 everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from engine.components.backbone import Backbone
from engine.components.backends.places import Place
from engine.components.backends.reduced_torch import ReducedTorch
from engine.errors import BackendError
from engine.types import BackendName, Precision


def served(backbone: Backbone, place: Place) -> Backbone:
    """Give the backbone as computed at `place`; what a release keeps of it is the same.

    Parameters
    ----------
    backbone
        Its network lies on the place's device.

    Raises
    ------
    BackendError
        This PC lacks what the place needs, or the back end cannot compute this network.
    """
    if place.missing:
        raise BackendError(place.missing)
    compute: Callable[[Tensor], list[Tensor]] | None = None
    if place.backend is BackendName.OPENVINO:
        # Imported only here: it may be missing, and takes a quarter of a second.
        from engine.components.backends.openvino_network import OpenVinoNetwork

        compute = OpenVinoNetwork(backbone.network, place.precision)
    elif place.precision is not Precision.FLOAT32:
        compute = ReducedTorch(backbone.network, place.precision, place.device)
    return replace(backbone, compute=compute, backend=place.backend, precision=place.precision)
