"""Fonts that fit their box."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetricsF


def sized_font(font: QFont, *, pixels: float, bold: bool = False) -> QFont:
    """Give `font` with letters of `pixels` height."""
    sized = QFont(font)
    sized.setPixelSize(max(6, round(pixels)))
    sized.setBold(bold)
    return sized


def fitted_font(
    font: QFont, text: str, *, width: float, height: float, bold: bool = False
) -> QFont:
    """Give the largest version of `font` in which `text` fits on one line of the box."""
    fitted = sized_font(font, pixels=height * 0.82, bold=bold)
    advance = QFontMetricsF(fitted).horizontalAdvance(text)
    if advance > width:
        fitted.setPixelSize(max(6, int(fitted.pixelSize() * width / advance)))
    return fitted
