"""numpy arrays to QImages that own their pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from engine.types import Image
from workstation.widgets.heatmap import Rgba


def picture_image(image: Image) -> QImage:
    """Turn (H, W, 3) uint8 RGB into a QImage."""
    return _owned(image, QImage.Format.Format_RGB888)


def heat_image(rgba: Rgba) -> QImage:
    """Turn (H, W, 4) uint8 with colours multiplied by alpha into a QImage."""
    return _owned(rgba, QImage.Format.Format_RGBA8888_Premultiplied)


def shrunk(image: Image, *, longest: int) -> Image:
    """Give `image` with its longer side at most `longest` pixels; itself when it is small."""
    height, width = image.shape[:2]
    ratio = longest / max(height, width)
    if ratio >= 1:
        return image
    return scaled(image, width=max(1, round(width * ratio)), height=max(1, round(height * ratio)))


def scaled(image: Image, *, width: int, height: int) -> Image:
    """Give `image` in another size, for looking at; not for inspecting.

    Halving first takes a tenth of the time that one step from five megapixels would take.
    """
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
    shrinks = width < image.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=way), np.uint8)


def _owned(pixels: NDArray[np.uint8], form: QImage.Format) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    # A QImage over numpy memory does not keep the array alive: it would paint freed memory as soon
    # as the array is gone. The formats the painter works in are others than numpy's, so converting
    # to them, which saves it at every repaint, copies.
    lent = QImage(pixels.data, width, height, pixels.strides[0], form)
    return lent.convertToFormat(
        QImage.Format.Format_ARGB32_Premultiplied
        if lent.hasAlphaChannel()
        else QImage.Format.Format_RGB32
    )
