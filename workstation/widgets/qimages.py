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
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _owned(pixels: NDArray[np.uint8], form: QImage.Format) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    # A QImage over numpy memory does not keep the array alive: without copy() it paints freed
    # memory as soon as the array is gone.
    return QImage(pixels.data, width, height, pixels.strides[0], form).copy()
