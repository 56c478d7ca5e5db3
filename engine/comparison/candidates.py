"""What is compared: one recipe each, and the key under which its results are kept."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from engine.comparison.file_hashes import file_sha256
from engine.methods import METHODS
from engine.recipe import Recipe

_FORMAT = 1
"""Of what is kept of a candidate; raised whenever it is measured in another way."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One method on one backbone."""

    recipe: Recipe
    backbone: str
    """As it was named: imported weights have a name of their own."""

    @property
    def method(self) -> str:
        """The method as its paper calls it."""
        return METHODS[self.recipe.method].title

    def key(self, data_sha256: str, *, device: str) -> str:
        """Give the name under which the results of this candidate on these pictures are kept.

        The same data, recipe, weights, device, computer and versions give the same key: results of
        any other would be another candidate's, or another computer's times.

        Raises
        ------
        PictureError
            The weights' file cannot be read.
        """
        weights = self.recipe.weights
        content = {
            "format": _FORMAT,
            "data": data_sha256,
            "recipe": self.recipe.model_dump(mode="json", exclude={"weights"}),
            "weights": weights if weights in ("builtin", "timm") else file_sha256(Path(weights)),
            "device": device,
            "computer": platform.node(),
            "versions": versions(),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def names(candidates: Sequence[Candidate]) -> list[str]:
    """Name candidates for people: the backbone only where there is more than one."""
    one_backbone = len({candidate.backbone for candidate in candidates}) < 2
    return [it.method if one_backbone else f"{it.method} on {it.backbone}" for it in candidates]


def versions() -> dict[str, str]:
    """Give the versions of what decides scores and times."""
    packages = ("loupe", "torch", "timm", "numpy", "opencv-python-headless")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
