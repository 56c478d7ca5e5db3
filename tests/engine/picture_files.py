"""Picture files for tests, as bytes: what cameras, scanners and office programs really write."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from engine.types import Image

ORIENTATION = 274


def scene(*, height: int = 48, width: int = 64, seed: int = 0) -> Image:
    """Give a smooth, lively colour picture, so that lossy formats stay close to it."""
    coarse = np.random.default_rng(seed).integers(30, 226, (4, 5, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def saved(picture: NDArray[np.generic] | PIL.Image.Image, kind: str, **options: object) -> bytes:
    """Give the bytes that Pillow writes for an array or a picture."""
    image = picture if isinstance(picture, PIL.Image.Image) else PIL.Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def turned(orientation: int) -> PIL.Image.Exif:
    """Give EXIF that says how the camera was held."""
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def sixteen_bit_png(samples: NDArray[np.uint16]) -> bytes:
    """Give a PNG of (H, W), (H, W, 3) RGB or (H, W, 4) RGBA samples."""
    to_bgr = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    code = to_bgr[samples.shape[2] if samples.ndim == 3 else 2]
    ordered = samples if code is None else cv2.cvtColor(samples, code)
    return cv2.imencode(".png", ordered)[1].tobytes()


def sixteen_bit_tiff(
    samples: NDArray[np.uint16], *, orientation: int = 1, white_is_zero: bool = False
) -> bytes:
    """Give an uncompressed TIFF of (H, W) grey or (H, W, 3) RGB samples (TIFF 6.0, section 2)."""
    height, width = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else 3
    data = samples.astype("<u2").tobytes()
    photometric = 2 if channels == 3 else int(not white_is_zero)
    entries = 10
    bits_at = 8 + 2 + 12 * entries + 4
    data_at = bits_at + 2 * channels
    long, short = 4, 3
    fields = [
        (256, long, 1, width),
        (257, long, 1, height),
        (258, short, channels, bits_at if channels == 3 else 16),
        (259, short, 1, 1),
        (262, short, 1, photometric),
        (273, long, 1, data_at),
        (ORIENTATION, short, 1, orientation),
        (277, short, 1, channels),
        (278, long, 1, height),
        (279, long, 1, len(data)),
    ]
    directory = b"".join(struct.pack("<HHII", *field) for field in fields)
    header = b"II*\0" + struct.pack("<IH", 8, entries)
    return header + directory + bytes(4) + struct.pack(f"<{channels}H", *[16] * channels) + data
