"""The components of the board as stamps, in camera pixels at 10 px/mm; as bought from the reel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.synthetic.parts.board.outlines import box, disc, domed, letters, line
from engine.synthetic.parts.board.relief import Relief, Stamp

TIN = (142.0, 144.0, 147.0)
_GOLD = (198.0, 164.0, 92.0)
_PLASTIC = (38.0, 39.0, 42.0)
_MARKING = (152.0, 152.0, 148.0)
_MARGIN = 6.0
FILLET_PX = 4.5
"""How far solder stands out from the ends of a chip."""


@dataclass(frozen=True, slots=True)
class Package:
    """Size of a component and of its pads; its long side lies along x."""

    width: float
    height: float
    """Over all, with leads."""
    pads: tuple[tuple[float, float, float, float], ...]
    """x and y from the middle, width and height of each pad."""
    is_chip: bool = False
    """Two ends: it can stand up on one of them."""


def _chip(width: float, height: float) -> Package:
    pad = 0.34 * width + 4
    at = width / 2 - 0.17 * width + 2
    pads = tuple((side * at, 0.0, pad, height + 2) for side in (-1.0, 1.0))
    return Package(width, height, pads, is_chip=True)


def _two_rows(pins: int, pitch: float, span: float, lead: float) -> Package:
    """Give leads along the two sides that lie above and below."""
    first = -pitch * (pins - 1) / 2
    pads = tuple(
        (first + pitch * pin, side * (span / 2 - 5), lead + 1.4, 15.0)
        for side in (-1.0, 1.0)
        for pin in range(pins)
    )
    return Package(pitch * pins + 2, span, pads)


def _four_rows(pins: int, pitch: float, span: float, lead: float) -> Package:
    rows = _two_rows(pins, pitch, span, lead).pads
    return Package(span, span, (*rows, *((y, x, h, w) for x, y, w, h in rows)))


PACKAGES: dict[str, Package] = {
    "0402": _chip(11, 6),
    "0603": _chip(16, 8.5),
    "0805": _chip(21, 13),
    "tantalum": _chip(34, 19),
    "inductor": _chip(42, 40),
    "soic8": _two_rows(4, 12.7, 60, 5),
    "sot23": Package(30, 25, ((-9.5, 9, 9, 10), (9.5, 9, 9, 10), (0, -9, 9, 10))),
    "qfp32": _four_rows(8, 8.0, 92, 4),
    "can": Package(66, 66, ((-26, 0, 22, 12), (26, 0, 22, 12))),
    "crystal": Package(54, 24, ((-24, 0, 16, 12), (24, 0, 16, 12))),
    "header": Package(127, 50, ()),
    "socket": Package(58, 76, ((-34, -32, 16, 8), (-34, 32, 16, 8))),
}


@lru_cache(maxsize=64)
def component(package: str, look: str, text: str) -> Stamp:
    """Draw one component; read-only.

    Parameters
    ----------
    look
        For chips ``resistor``, ``capacitor`` or ``led``; others have one look.
    text
        What is printed on it.
    """
    size = PACKAGES[package]
    width, height = size.width + 2 * _MARGIN, size.height + 2 * _MARGIN
    relief = Relief.empty(width, height)
    middle = (width / 2, height / 2)
    match package:
        case "0402" | "0603" | "0805":
            _draw_chip(relief, middle, size, look, text)
        case "tantalum":
            _draw_chip(relief, middle, size, "tantalum", text)
        case "inductor":
            _draw_inductor(relief, middle, text)
        case "can":
            _draw_can(relief, middle, text)
        case "crystal":
            _draw_crystal(relief, middle, text)
        case "header":
            _draw_header(relief, middle)
        case "socket":
            _draw_socket(relief, middle)
        case _:
            _draw_ic(relief, middle, size, text)
    return relief.stamped()


@lru_cache(maxsize=8)
def standing_chip(package: str) -> Stamp:
    """Draw a chip that stands on one end: one looks at the other end's metal, high up."""
    size = PACKAGES[package]
    thick = 0.6 * size.height
    relief = Relief.empty(thick + 2 * _MARGIN, size.height + 2 * _MARGIN)
    shape, middle = relief.height.shape, (thick / 2 + _MARGIN, size.height / 2 + _MARGIN)
    foot = box(shape, *middle, thick + 5, size.height + 2, corner=2)
    relief.fill(foot, TIN, height=domed(foot, 3, 3), gloss=1)
    end = box(shape, *middle, thick, size.height, corner=1.2)
    tall = 0.9 * size.width
    relief.fill(end, (158, 160, 163), height=np.maximum(domed(end, tall, 1.5), 0), gloss=0.8)
    return relief.stamped()


@lru_cache(maxsize=64)
def solder_drop(length: float, width: float) -> Stamp:
    """Draw a drop of solder that ran along x; the size is in whole pixels for the cache's sake."""
    relief = Relief.empty(length + 2 * _MARGIN, width + 2 * _MARGIN)
    shape = relief.height.shape
    middle = (length / 2 + _MARGIN, width / 2 + _MARGIN)
    drop = box(shape, *middle, length, width, corner=0.45 * width)
    relief.fill(drop, TIN, height=domed(drop, 4.5, 0.45 * width), gloss=1)
    return relief.stamped()


_BODIES: dict[str, tuple[float, float, float]] = {
    "resistor": (34.0, 34.0, 37.0),
    "capacitor": (146.0, 112.0, 78.0),
    "led": (196.0, 190.0, 168.0),
    "tantalum": (196.0, 138.0, 44.0),
}


def _draw_chip(
    relief: Relief, middle: tuple[float, float], size: Package, look: str, text: str
) -> None:
    x, y = middle
    shape, tall = relief.height.shape, 0.45 * size.height
    for side in (-1, 1):
        end = x + side * size.width / 2
        outline = box(shape, end, y, 2 * FILLET_PX, size.height + 1, corner=2)
        relief.fill(outline, TIN, height=domed(outline, 0.6 * tall, FILLET_PX), gloss=1)
    whole = box(shape, x, y, size.width, size.height, corner=1)
    relief.fill(whole, TIN, height=domed(whole, tall, 1.2), gloss=0.7)
    share = 0.66 if look == "tantalum" else 0.6
    body = box(shape, x, y, share * size.width, size.height, corner=0.6)
    relief.fill(body, _BODIES[look], height=domed(body, 1.06 * tall, 1.0), gloss=0.12)
    if look == "led":
        relief.fill(disc(shape, x, y, 0.26 * size.height), (214, 206, 120), height=tall, gloss=0.5)
        relief.fill(box(shape, x - 0.2 * size.width, y, 2, size.height), (70, 130, 80), height=tall)
    if look == "tantalum":
        mark = box(shape, x - 0.25 * size.width, y, 0.13 * size.width, size.height)
        relief.fill(mark, (112, 62, 26), height=tall)
    if text:
        tall_px = min(0.52 * size.height, 0.44 * size.width / len(text))
        ink = letters(shape, text, x + (1.5 if look == "tantalum" else 0), y, tall_px, stroke=0.14)
        dark = look in ("tantalum", "led")
        relief.fill(ink, (70, 44, 22) if dark else (188, 188, 186), height=1.06 * tall)


def _draw_ic(relief: Relief, middle: tuple[float, float], size: Package, text: str) -> None:
    x, y = middle
    shape = relief.height.shape
    for dx, dy, wide, high in size.pads:
        lead = box(shape, x + 0.93 * dx, y + 0.93 * dy, wide - 2.2, high - 2.2, corner=0.8)
        if wide == high or abs(dx) > abs(dy):  # the leads of a four-sided body lie both ways
            lead = box(shape, x + 0.93 * dx, y + 0.93 * dy, wide, high - 2.2, corner=0.8)
        relief.fill(lead, TIN, height=domed(lead, 3.5, 1.6), gloss=0.9)
    four_sided = size.width == size.height
    body_w = size.width - 20 if four_sided else size.width - (4 if len(size.pads) > 3 else 0)
    body_h = size.height - (20 if four_sided or len(size.pads) > 3 else 11)
    body = box(shape, x, y, body_w, body_h, corner=1)
    tall = 11 if body_h > 20 else 8
    relief.fill(body, _PLASTIC, height=domed(body, tall, 2.2), gloss=0.15)
    if body_h > 20:
        spot = disc(shape, x - body_w / 2 + 8, y + body_h / 2 - 8, 3)
        relief.fill(spot, (26, 26, 28), height=tall - 1.0)
    lines = text.split("/")
    tall_px = 0.62 * body_h if len(lines) == 1 and body_h < 20 else 8.5
    for place, words in enumerate(lines):
        below = (place - (len(lines) - 1) / 2) * 1.7 * tall_px
        ink = letters(shape, words, x, y + below, tall_px, stroke=0.12)
        relief.fill(ink, _MARKING, height=tall)


def _draw_inductor(relief: Relief, middle: tuple[float, float], text: str) -> None:
    shape = relief.height.shape
    ends = box(shape, *middle, 46, 22, corner=2)
    relief.fill(ends, TIN, height=domed(ends, 4, 3), gloss=1)
    body = box(shape, *middle, 40, 40, corner=6)
    relief.fill(body, (58, 58, 60), height=domed(body, 15, 5), gloss=0.1)
    relief.fill(disc(shape, *middle, 14.5), (46, 46, 48), height=15.5)
    relief.fill(letters(shape, text, *middle, 9), (176, 176, 172), height=15.5)


def _draw_can(relief: Relief, middle: tuple[float, float], text: str) -> None:
    x, y = middle
    shape = relief.height.shape
    ends = box(shape, x, y, 72, 8, corner=1)
    relief.fill(ends, TIN, height=3, gloss=1)
    base = box(shape, x, y, 63, 63, corner=7)
    relief.fill(base, (32, 32, 34), height=domed(base, 6, 2), gloss=0.1)
    can = disc(shape, x, y, 30)
    relief.fill(can, (176, 178, 182), height=domed(can, 26, 4.5), gloss=0.85)
    top = disc(shape, x, y, 26.5)
    relief.fill(top, (188, 190, 193), height=26, gloss=0.3)
    cap = top & box(shape, x - 20, y, 18, 60)
    relief.fill(np.asarray(cap, np.uint8), (36, 36, 40), height=26)
    for words, below in (("100", -7.0), (text, 7.0)):
        relief.fill(letters(shape, words, x + 5, y + below, 9.5), (44, 44, 48), height=26)


def _draw_crystal(relief: Relief, middle: tuple[float, float], text: str) -> None:
    shape = relief.height.shape
    ends = box(shape, *middle, 60, 7, corner=1)
    relief.fill(ends, TIN, height=3, gloss=1)
    base = box(shape, *middle, 52, 23, corner=10)
    relief.fill(base, (150, 152, 156), height=domed(base, 4, 2), gloss=0.8)
    lid = box(shape, *middle, 46, 18, corner=8)
    relief.fill(lid, (178, 180, 182), height=domed(lid, 14, 3.5), gloss=0.8)
    relief.fill(letters(shape, text, *middle, 7.5), (84, 86, 90), height=14)


def _draw_header(relief: Relief, middle: tuple[float, float]) -> None:
    x, y = middle
    shape = relief.height.shape
    body = box(shape, x, y, 127, 50, corner=1)
    relief.fill(body, (30, 30, 33), height=domed(body, 16, 2), gloss=0.1)
    inner = box(shape, x, y, 119, 42)
    relief.fill(inner, (24, 24, 27), height=9)
    for column in range(5):
        for row in (-0.5, 0.5):
            pin = box(shape, x + (column - 2) * 22.5, y + row * 21, 7, 7, corner=1)
            relief.fill(pin, _GOLD, height=domed(pin, 16, 2.2), gloss=0.9)


def _draw_socket(relief: Relief, middle: tuple[float, float]) -> None:
    x, y = middle
    shape = relief.height.shape
    for side in (-32, 32):
        tab = box(shape, x - 27, y + side, 12, 11, corner=2)
        relief.fill(tab, TIN, height=domed(tab, 4, 3), gloss=1)
    shell = box(shape, x + 2, y, 54, 72, corner=2)
    relief.fill(shell, (172, 174, 178), height=domed(shell, 22, 3), gloss=0.6)
    for side in (-18, 18):
        slot = box(shape, x + 6, y + side, 20, 7, corner=1)
        relief.fill(slot, (70, 72, 76), height=17)
    seam = line(shape, ((x - 24, y), (x + 28, y)), 1)
    relief.fill(seam, (118, 120, 124), height=21)
