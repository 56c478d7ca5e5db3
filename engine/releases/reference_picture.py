"""The good part a release knows best: to set up a camera so that it sees the same again."""

from __future__ import annotations

import numpy as np

from engine.errors import ModelError
from engine.releases.folder import Release
from engine.types import Image


def reference_picture(release: Release) -> Image:
    """Give the release's good reference picture as the backbone saw it.

    Returns
    -------
    Image
        (S, S, 3) uint8 RGB, read-only. It fills the inspected rectangle, which
        `engine.preprocess.Preprocessing.rectangle` gives in pixels of a source picture.

    Raises
    ------
    ModelError
        The blob is missing, damaged, or holds no pictures.
    """
    squares = release.tensors("references").get("squares")
    if squares is None:
        raise ModelError(
            f"Release {release.id} holds no reference pictures. Import the release again."
        )
    good = np.array(squares[0].numpy(), dtype=np.uint8)
    good.flags.writeable = False
    return good
