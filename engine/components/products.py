"""Products and distances between rows, as fast as this processor multiplies."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def as_filters(rows: Tensor, *, factor: float = -2) -> Tensor:
    """Lay rows, (m, D), times a factor out as 1 × 1 filters; that of `partial_squares` is -2."""
    return (factor * rows)[:, :, None, None].contiguous(memory_format=torch.channels_last)


def partial_squares(queries: Tensor, filters: Tensor, squares: Tensor) -> Tensor:
    """Give (n, m) ‖b‖² − 2 q·b: squared distances but for ‖q‖².

    Parameters
    ----------
    queries
        (n, D) float32.
    filters
        Of the m rows b, by `as_filters`.
    squares
        (m,) float32, ‖b‖².
    """
    return filtered(queries, filters, squares)


def filtered(rows: Tensor, filters: Tensor, shift: Tensor | None = None) -> Tensor:
    """Give (n, m), rows times filters plus shift, as a 1 × 1 convolution over a picture one wide.

    The same sum of products as a matrix product; but oneDNN, which torch convolves with on
    processors, is two to three times as fast as the matrix library torch brings on AMD
    (784 × 4625 × 227: 8.8 instead of 24 ms on one core, 4.4 instead of 12 ms on two). It is called
    by name because ``conv2d`` goes round it for a 1 × 1 convolution on one thread.

    Parameters
    ----------
    rows
        (n, D) float32.
    filters
        By `as_filters`.
    shift
        (m,) float32; None: nothing.
    """
    count, dimensions = rows.shape
    picture = rows.contiguous().view(1, count, 1, dimensions).permute(0, 3, 1, 2)
    on_processor = rows.device.type == "cpu" and rows.dtype is torch.float32
    if on_processor and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        table = torch.mkldnn_convolution(picture, filters, shift, (0, 0), (1, 1), (1, 1), 1)
    else:
        table = functional.conv2d(picture, filters, shift)
    return table[0, :, :, 0].T
