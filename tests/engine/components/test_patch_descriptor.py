"""φ on each level's own grid is φ on the enlarged levels; what is not inspected has no say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from engine.components.patch_descriptor import PatchDescriptor

SHAPES = [(6, 8, 12), (10, 4, 6), (5, 2, 3)]
CHANNELS = sum(channels for channels, _, _ in SHAPES)
EVERYWHERE = np.ones((8, 12), dtype=bool)


def levels(seed: int, batch: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, *shape, generator=generator) for shape in SHAPES]


def descriptor(inside: np.ndarray = EVERYWHERE, *, averages: bool = True) -> PatchDescriptor:
    return PatchDescriptor(SHAPES, inside, averages=averages)


def written_out(picture: Sequence[Tensor], matrix: Tensor) -> Tensor:
    """As the paper says it, in float64: enlarge everything, append the place, convolve; (P, D')."""
    large = [
        functional.interpolate(
            functional.avg_pool2d(level.double(), 3, 1, 1, count_include_pad=True),
            (8, 12),
            mode="bilinear",
            align_corners=False,
        )
        for level in picture
    ]
    row = torch.tensor([2 * i / 7 - 1 for i in range(8)]).view(1, 1, 8, 1).expand(1, 1, 8, 12)
    column = torch.tensor([2 * i / 11 - 1 for i in range(12)]).view(1, 1, 1, 12).expand_as(row)
    whole = torch.cat([*large, row, column], 1)
    weight, bias = matrix[:, :-1, None, None].double(), matrix[:, -1].double()
    return functional.conv2d(whole, weight, bias)[0].flatten(1).T


def test_on_each_own_grid_it_is_what_the_paper_says() -> None:
    found = descriptor()
    matrix = found.initial(9, seed=3)
    patches = found(found.cells(levels(0))[0], matrix)
    rounded = written_out(levels(0), matrix)
    assert patches.shape == (96, 9) and patches.dtype == torch.float32
    assert (patches - rounded).abs().max() < 1e-3, "half precision"
    exact = PatchDescriptor(SHAPES, EVERYWHERE, averages=False)
    kept = torch.cat(
        [functional.avg_pool2d(level, 3, 1, 1)[0].permute(1, 2, 0).flatten() for level in levels(0)]
    )
    assert (exact(kept, matrix) - rounded).abs().max() < 1e-5


def test_its_gradient_is_too() -> None:
    found = descriptor(averages=False)
    matrix = found.initial(4, seed=0).requires_grad_()
    other = matrix.detach().clone().requires_grad_()
    # What avg_pool2d leaves as it is, so that no rounding comes between.
    constant = [torch.full((1, *shape), float(n)) for n, shape in enumerate(SHAPES)]
    found(found.cells(constant)[0], matrix).square().sum().backward()
    whole = torch.cat(
        [torch.full((1, c, 8, 12), float(n)) for n, (c, _, _) in enumerate(SHAPES)], 1
    )
    row, column = torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 12)
    places = torch.stack(torch.meshgrid(row, column, indexing="ij"))[None]
    features = torch.cat([whole, places, torch.ones(1, 1, 8, 12)], 1)[0].flatten(1).T
    (features @ other.T).square().sum().backward()
    assert matrix.grad is not None and other.grad is not None
    assert torch.allclose(matrix.grad, other.grad, rtol=1e-4, atol=1e-3)


def test_the_first_of_the_two_places_is_the_row() -> None:
    found = descriptor()
    matrix = torch.zeros(2, CHANNELS + 3)
    matrix[0, -3], matrix[1, -2] = 1, 1
    patches = found(found.cells(levels(0))[0], matrix).view(8, 12, 2)
    assert patches[:, 5, 0].tolist() == pytest.approx([2 * i / 7 - 1 for i in range(8)])
    assert patches[5, :, 1].tolist() == pytest.approx([2 * i / 11 - 1 for i in range(12)])


def test_it_is_drawn_as_a_convolution_is() -> None:
    matrix = descriptor().initial(400, seed=1)
    bound = (CHANNELS + 2) ** -0.5
    assert matrix.shape == (400, CHANNELS + 3)
    assert float(matrix.abs().max()) == pytest.approx(bound, rel=0.01)
    assert float(matrix.std()) == pytest.approx(bound / 3**0.5, rel=0.02)
    assert torch.equal(matrix, descriptor().initial(400, seed=1))
    assert not torch.equal(matrix, descriptor().initial(400, seed=2))


def test_the_mean_of_what_it_makes_is_what_it_makes_of_the_mean() -> None:
    found = descriptor()
    matrix = found.initial(9, seed=0)
    cells = found.cells(levels(0, batch=5))
    each = torch.stack([found(one, matrix) for one in cells])
    assert torch.allclose(found(cells.double().mean(0), matrix), each.mean(0), atol=1e-5)


def test_only_inspected_patches_are_given() -> None:
    inside = np.zeros((8, 12), dtype=bool)
    inside[2:5, 3:9] = True
    part, matrix = descriptor(inside), descriptor().initial(9, seed=0)
    whole = descriptor()(descriptor().cells(levels(0))[0], matrix)
    patches = part(part.cells(levels(0))[0], matrix)
    assert torch.equal(patches, whole[torch.from_numpy(inside.ravel())])


def test_what_takes_no_part_is_forgotten_whatever_it_is() -> None:
    inside = np.zeros((8, 12), dtype=bool)
    inside[:, :3] = True
    part = descriptor(inside)
    foul = levels(0)
    for level, first in zip(foul, (4, 4, 3), strict=True):  # one cell more, for the average
        level[..., first:] = torch.inf
    assert torch.equal(part.cells(foul), part.cells(levels(0)))
    assert torch.isfinite(part(part.cells(foul)[0], part.initial(4, seed=0))).all()


def test_what_was_averaged_before_is_taken_as_it_is() -> None:
    found = descriptor(averages=False)
    first = found.cells(levels(0))[0, : 6 * 96].view(96, 6)
    assert torch.equal(first, levels(0)[0][0].flatten(1).T.half())
