"""How an adaptation looks at pictures and damages them: inside the inspected region only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.components.anomaly_map import MapEnlarger
from engine.components.metric_head import Surroundings
from engine.errors import RecipeError
from engine.preprocess import Preprocessing
from engine.pretraining.invented import normalised
from engine.synthetic.damage.inflict import inflict
from engine.synthetic.textures.draws import Draws
from engine.types import Image

STRIDE = 8
_LEAST_PX = 64
"""Side of a picture that any network takes."""


class Look:
    """Squares to pictures, pictures to patches.

    Parameters
    ----------
    stack
        As for `Surroundings`.

    Attributes
    ----------
    fine, coarse
        Channels of its two levels.

    Raises
    ------
    RecipeError
        The inspected region holds no cell.
    """

    def __init__(
        self, stack: nn.Module, preprocessing: Preprocessing, device: torch.device
    ) -> None:
        side, _ = preprocessing.shape
        cells = preprocessing.counted(side // STRIDE, side // STRIDE)
        if not cells.any():
            raise RecipeError(
                "The inspected region is smaller than one cell of the map. "
                "Draw it larger, or choose a larger size."
            )
        self.device = device
        self._reach = STRIDE
        """Pixels of a picture within one cell."""
        with torch.no_grad():
            levels = stack.to(device)(torch.zeros(1, 3, _LEAST_PX, _LEAST_PX, device=device))
        self.fine, self.coarse = (level.shape[1] for level in levels)
        self._cells = torch.from_numpy(cells.ravel()).to(device)
        pixels = preprocessing.counted(side, side)
        self._region = torch.from_numpy(pixels).to(device)
        self._grid, self._enlarger = cells, MapEnlarger(cells, pixels)
        self._surroundings = Surroundings(stack).to(device)

    @property
    def cells(self) -> int:
        """Patches of one picture."""
        return int(self._cells.sum())

    def pictures(self, squares: Sequence[Image]) -> Tensor:
        """Give (B, 3, S, S) float32, 0 to 1, of (S, S, 3) uint8 squares."""
        batch = torch.stack([torch.from_numpy(square) for square in squares])
        return batch.to(self.device).permute(0, 3, 1, 2).float() / 255

    @torch.no_grad()
    def patches(self, pictures: Tensor) -> Tensor:
        """Give (B, n, I) float16, the head's input, of (B, 3, S, S) pictures."""
        patches: Tensor = self._surroundings(normalised(pictures))
        return patches[:, self._cells].half()

    def moved(self, draws: Draws, pictures: Tensor) -> Tensor:
        """Move each of (B, 3, S, S) pictures by less than a cell, vertically and horizontally.

        No cell then shows quite what it showed before, so that less is learned by heart. At the
        edges the pictures are continued by their mirror images.
        """
        reach, (height, width) = self._reach, pictures.shape[-2:]
        wider = functional.pad(pictures, (reach,) * 4, mode="reflect")
        corners = draws.integers(len(pictures), 2, below=2 * reach - 1) + 1
        return torch.stack(
            [
                picture[:, top : top + height, left : left + width]
                for picture, (top, left) in zip(wider, corners.tolist(), strict=True)
            ]
        )

    @torch.no_grad()
    def damaged(
        self, draws: Draws, good: Tensor, other: Tensor, *, kinds: Sequence[str], times: int = 1
    ) -> tuple[Tensor, Tensor]:
        """Damage each picture some times, in the 256 steps of a camera.

        Returns
        -------
        pictures
            (B, 3, S, S) float32.
        masks
            (B, times, S, S) bool: where each damage shows inside the inspected region.
        """
        pictures, masks = good, []
        for _ in range(times):
            changed, mask = inflict(draws, pictures, other, kinds=kinds)
            pictures = torch.where(self._region, changed, pictures)
            masks.append(mask & self._region)
        return (pictures * 255).round() / 255, torch.stack(masks, 1)

    def covered(self, masks: Tensor, share: float) -> Tensor:
        """Tell of (B, times, S, S) masks which patches they cover by more than a share.

        Returns
        -------
        Tensor
            (B, times, n) bool.
        """
        shares = functional.avg_pool2d(masks.float(), STRIDE).flatten(2)
        return (shares > share)[..., self._cells]

    def image_score(self, distances: Tensor) -> float:
        """Score a picture by its patches' distances, (n,), as the release will."""
        compact = np.full(self._grid.shape, np.nan, np.float32)
        compact[self._grid] = distances.cpu().numpy()
        return float(np.nanmax(self._enlarger(compact)))
