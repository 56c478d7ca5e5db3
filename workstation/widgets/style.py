"""One palette and one style sheet for the whole program, and sizes that follow the window."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from string import Template

from PySide6.QtGui import QPaintDevice

MM_PER_INCH = 25.4
KEY_MM = 24.0
"""A key that a gloved finger meets."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as "#rrggbb", read from ``resources/style/palette.toml``; see there for meanings."""

    window: str
    panel: str
    key: str
    key_pressed: str
    key_off: str
    line: str
    picture_ground: str
    text: str
    quiet: str
    off: str
    ok: str
    ok_ground: str
    review: str
    review_text: str
    ng: str
    ng_stripe: str
    ng_text: str
    fault_light: str
    fault_dark: str
    act: str
    act_pressed: str
    act_text: str
    act_word: str

    def text_pairs(self) -> tuple[tuple[str, str], ...]:
        """Give every (text, ground) pair in which words are written anywhere in the program."""
        grounds = (self.window, self.panel, self.key, self.picture_ground)
        return (
            *((self.text, ground) for ground in (*grounds, self.key_pressed, self.ok_ground)),
            *((self.quiet, ground) for ground in grounds),
            *((self.act_word, ground) for ground in grounds),
            *((self.ok, ground) for ground in (*grounds, self.ok_ground)),
            *((self.review, ground) for ground in grounds),
            (self.off, self.key_off),
            (self.off, self.panel),
            (self.review_text, self.review),
            (self.ng_text, self.ng),
            (self.ng_text, self.ng_stripe),
            (self.fault_dark, self.fault_light),
            (self.act_text, self.act),
            (self.act_text, self.act_pressed),
        )


@dataclass(frozen=True, slots=True)
class Sizes:
    """Lengths in device-independent pixels for one size of window."""

    unit: float
    """1.0 at 1280 x 720."""
    key_px: int
    """Side of a key that is pressed with gloves."""
    body_px: int
    small_px: int
    large_px: int
    number_px: int
    gap_px: int
    radius_px: int

    @classmethod
    def for_window(cls, width: int, height: int, *, dots_per_inch: float) -> Sizes:
        """Scale everything with the window; keys are 24 mm where the window has room for them.

        Parameters
        ----------
        width, height
            Size of the window in device-independent pixels.
        dots_per_inch
            Of the screen; values no screen has (some report 0 or 10 000) count as 96.
        """
        unit = min(max(min(width / 1280, height / 720), 0.75), 4.0)
        dots = dots_per_inch if 50 <= dots_per_inch <= 400 else 96.0
        key = min(max(KEY_MM / MM_PER_INCH * dots, 72 * unit), 91 * unit)
        return cls(
            unit=unit,
            key_px=round(key),
            body_px=round(13 * unit),
            small_px=round(11.5 * unit),
            large_px=round(20 * unit),
            number_px=round(17.5 * unit),
            gap_px=round(5 * unit),
            radius_px=round(4 * unit),
        )

    def px(self, at_720: float) -> int:
        """Scale a length given for a window of 1280 x 720."""
        return round(at_720 * self.unit)


@cache
def load_palette() -> Palette:
    """Read the palette that ships with the program."""
    text = files("resources").joinpath("style/palette.toml").read_text(encoding="utf-8")
    return Palette(**tomllib.loads(text))


def style_sheet(palette: Palette, sizes: Sizes) -> str:
    """Fill the program's one style sheet with colours and lengths."""
    template = files("resources").joinpath("style/loupe.qss").read_text(encoding="utf-8")
    return Template(template).substitute(asdict(palette) | asdict(sizes))


def dots_per_inch(window: QPaintDevice) -> float:
    """Give the physical dots per inch of the screen that shows `window`.

    The window is asked, not its screen: PySide 6.11.3 takes the screen that `QWidget.screen` gives
    for a child of the widget, and the next window fails when the first is gone.
    """
    return (window.physicalDpiX() + window.physicalDpiY()) / 2


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two "#rrggbb" colours, 1 to 21 (WCAG 2.2, definition)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
