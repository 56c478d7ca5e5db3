"""What an evaluation left out, and why, in sentences for people."""

from __future__ import annotations

from collections.abc import Sequence

from engine.evaluation.labelled import Dataset
from engine.evaluation.pixel_metrics import PixelFigures


def remarks(
    unreadable: Sequence[str],
    pixels: PixelFigures,
    dataset: Dataset,
    *,
    has_map: bool,
    too_large: str,
    n_without_mask: int,
) -> tuple[str, ...]:
    """Give a sentence for each kind of picture, mask or pixel that is in none of the figures.

    Parameters
    ----------
    unreadable
        Of each picture that could not be inspected, the sentence that says why.
    has_map
        Whether the release says where on a picture the anomaly is.
    too_large
        Why the pixels could not be measured, where their number is the reason; else empty.
    n_without_mask
        Defective pictures inspected whose defect is not marked.
    """
    said = []
    if unreadable:
        said.append(
            f"Pictures that could not be inspected, left out: {len(unreadable)}. "
            f"First: {unreadable[0]}"
        )
    if not has_map:
        said.append(
            "The release scores pictures as a whole and cannot say where, so there are no pixel "
            "figures."
        )
    elif not dataset.has_masks:
        said.append("The data set has no masks, so there are no pixel figures.")
    elif too_large:
        said.append(too_large)
    elif n_without_mask:
        said.append(
            "Defective pictures whose defect is not marked, left out of the pixel figures: "
            f"{n_without_mask}."
        )
    if dataset.n_stray_masks:
        said.append(
            f"Masks that belong to no picture, not used: {dataset.n_stray_masks}. "
            "Name a mask like its picture."
        )
    if pixels.n_defects_outside:
        said.append(
            "Marked defects wholly outside the inspected area, left out of the pixel figures: "
            f"{pixels.n_defects_outside}."
        )
    if pixels.share_outside:
        said.append(
            f"{pixels.share_outside:.1%} of the pixels lie outside the inspected area and are "
            "left out of the pixel figures."
        )
    return tuple(said)
