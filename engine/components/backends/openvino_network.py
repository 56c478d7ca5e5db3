"""A network computed by OpenVINO on the processor, from the same module that torch computes."""

from __future__ import annotations

import sys
import warnings
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import BackendError
from engine.types import Precision

Shape: TypeAlias = tuple[int, ...]
"""(B, H, W, 3): a batch as it lies in channels-last memory."""

_KEPT = 4
"""Shapes that stay compiled, each with weights of its own; a release needs one."""
_HINTS = {Precision.FLOAT32: "f32", Precision.BFLOAT16: "bf16"}


class OpenVinoNetwork:
    """Gives a network's feature maps; each shape it is called with is compiled at its first call.

    Pictures are handed over, and maps handed out, as they lie in channels-last memory. Nothing is
    copied: every call has OpenVINO write into memory of its own, which it never touches again.

    Parameters
    ----------
    network
        Frozen, on the processor; it is only read, and may still be computed by torch.
    precision
        In which OpenVINO computes; maps are float32 in any case.

    Raises
    ------
    BackendError
        OpenVINO is not there, or does not run on this processor.
    """

    def __init__(self, network: nn.Module, precision: Precision) -> None:
        self._network = network
        self._precision = precision
        openvino = _openvino()
        try:
            self._core: Any = openvino.Core()
            self._core.get_property("CPU", "FULL_DEVICE_NAME")
        except RuntimeError as error:
            raise BackendError(f"openvino does not run on this processor ({error})") from error
        self._requests: dict[Shape, Any] = {}

    def __call__(self, batch: Tensor) -> list[Tensor]:
        """Give the maps of (B, 3, H, W) float32, (B, C_l, h_l, w_l) float32 each, channels last.

        Raises
        ------
        BackendError
            OpenVINO cannot compute this network, at this shape.
        """
        lying = batch.permute(0, 2, 3, 1).contiguous().numpy()
        try:
            return _inferred(self._request(lying.shape), lying)
        except _failures() as error:
            raise BackendError(f"openvino cannot compute this network ({error})") from error

    def _request(self, shape: Shape) -> Any:
        """Give the ``openvino.InferRequest`` of a shape; the one compiled first makes room."""
        if shape not in self._requests:
            if len(self._requests) == _KEPT:
                del self._requests[next(iter(self._requests))]
            self._requests[shape] = self._compiled(shape).create_infer_request()
        return self._requests[shape]

    def _compiled(self, shape: Shape) -> Any:
        return self._core.compile_model(
            self._converted(shape),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": _HINTS[self._precision],
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": torch.get_num_threads(),
                # Pinned, its threads and torch's would wait for the same cores.
                "ENABLE_CPU_PINNING": False,
            },
        )

    def _converted(self, shape: Shape) -> Any:
        """Translate the network to an ``openvino.Model``.

        It is traced at this very shape: a network may turn its input's size into constants.
        """
        openvino = _openvino()
        count, height, width, channels = shape
        planes = [count, channels, height, width]
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # both packages warn of each other's future
            example = torch.zeros(planes).contiguous(memory_format=torch.channels_last)
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                _AsTuple(self._network), example, strict=False, check_trace=False
            )
            model = openvino.convert_model(traced, example_input=example, input=planes)
        return _with_channels_last(model)


class _AsTuple(nn.Module):
    """What tracing takes: a tuple instead of a list."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(batch))


def _openvino() -> Any:
    """Import OpenVINO without its telemetry.

    The mere import would write to the home folder and report by network; where the package that
    does it is not to be found, OpenVINO goes on without.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise BackendError(f"openvino cannot be loaded ({error})") from error
    return openvino


def _with_channels_last(model: Any) -> Any:
    """Let a model take and give (B, H, W, C), so that no map is turned on its way."""
    from openvino.preprocess import PrePostProcessor

    steps = PrePostProcessor(model)
    for end in (steps.input(0), *(steps.output(number) for number in range(len(model.outputs)))):
        end.tensor().set_layout("NHWC")
        end.model().set_layout("NCHW")
    return steps.build()


def _inferred(request: Any, batch: NDArray[np.float32]) -> list[Tensor]:
    from openvino import Tensor as Memory

    request.set_input_tensor(Memory(batch, shared_memory=True))
    levels = []
    for number, output in enumerate(request.model_outputs):
        level = np.empty(tuple(output.shape), np.float32)
        request.set_output_tensor(number, Memory(level, shared_memory=True))
        levels.append(torch.from_numpy(level).permute(0, 3, 1, 2))
    request.infer()
    return levels


def _failures() -> tuple[type[Exception], ...]:
    """Give what OpenVINO raises where it cannot translate, compile or compute."""
    from openvino.frontend import (
        GeneralFailure,
        NotImplementedFailure,
        OpConversionFailure,
        OpValidationFailure,
    )

    refused = (GeneralFailure, NotImplementedFailure, OpConversionFailure, OpValidationFailure)
    return (RuntimeError, *refused)
