"""Where everything is on the board: 43 × 35 mm, in camera pixels at 10 px/mm from its top left."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 430.0, 350.0
MOUNTING_HOLES = ((20.0, 20.0), (410.0, 20.0), (20.0, 330.0), (410.0, 330.0))
FIDUCIALS = ((52.0, 20.0), (380.0, 330.0), (262.0, 20.0))


@dataclass(frozen=True, slots=True)
class Placement:
    """A component's place."""

    name: str
    """Such as R4; printed beside it."""
    package: str
    x: float
    y: float
    upright: bool = False
    """Its long side lies along y."""
    look: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Print on the board."""

    text: str
    x: float
    y: float
    height: float
    """Of a capital letter."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A copper trace under the solder mask."""

    points: tuple[tuple[float, float], ...]
    width: float


def _r(name: str, x: float, y: float, text: str = "", *, upright: bool = False) -> Placement:
    return Placement(name, "0603", x, y, upright, "resistor", text)


def _c(name: str, x: float, y: float, package: str = "0603", *, upright: bool = False) -> Placement:
    return Placement(name, package, x, y, upright, "capacitor")


PLACEMENTS: tuple[Placement, ...] = (
    Placement("U1", "qfp32", 205, 165, text="LM8F/2541"),
    Placement("U2", "soic8", 330, 105, text="SN75/A41"),
    Placement("Q1", "sot23", 300, 190, text="A2"),
    Placement("Q2", "sot23", 348, 190, text="A2"),
    Placement("C1", "can", 72, 92, text="25V"),
    Placement("Y1", "crystal", 122, 185, True, text="16.000"),
    Placement("J1", "header", 205, 312),
    Placement("J2", "socket", 400, 255),
    Placement("L1", "inductor", 66, 252, text="4R7"),
    Placement("C2", "tantalum", 66, 180, text="106"),
    Placement("D1", "0805", 142, 30, look="led"),
    Placement("D2", "0805", 182, 30, look="led"),
    Placement("D3", "0805", 222, 30, look="led"),
    _r("R1", 142, 56, "471"),
    _r("R2", 182, 56, "471"),
    _r("R3", 222, 56, "471"),
    _r("R4", 284, 84, "103", upright=True),
    _r("R5", 284, 122, "103", upright=True),
    _r("R6", 384, 88, "222", upright=True),
    _r("R7", 116, 246, "101"),
    _r("R8", 116, 270, "101"),
    _r("R9", 116, 294, "101"),
    _r("R10", 292, 244, "472"),
    _r("R11", 292, 296, "000"),
    _r("R12", 326, 296, "000"),
    Placement("R13", "0402", 247, 96, look="resistor"),
    Placement("R14", "0402", 247, 72, look="resistor"),
    Placement("R15", "0402", 262, 226, look="resistor"),
    Placement("R16", "0402", 388, 172, True, look="resistor"),
    _c("C3", 198, 94),
    _c("C4", 280, 160, upright=True),
    _c("C5", 134, 118, upright=True),
    _c("C6", 326, 244, "0402"),
    _c("C7", 330, 52, "0805"),
    _c("C8", 384, 128, upright=True),
    _c("C10", 292, 270),
    _c("C11", 332, 270, "0805"),
    _c("C12", 60, 302, "0805"),
    _c("C13", 160, 94, "0402"),
    _c("C14", 146, 226, "0402"),
)

_TITLES = (
    Label("LM-204", 334, 20, 12),
    Label("LOUPE", 86, 24, 10),
    Label("REV C 41/25", 322, 328, 7.5),
    Label("12V", 346, 230, 8),
    Label("1", 132, 316, 9),
)


def _name_of(it: Placement) -> Label:
    across = {"0402": 6, "0603": 8, "0805": 11, "sot23": 17, "tantalum": 14, "inductor": 26}
    if it.upright:
        beside = 12 if it.package != "crystal" else 20
        return Label(it.name, it.x - beside - 3.0 * len(it.name), it.y, 6.5)
    above = across.get(it.package, 36) + 5.5
    if it.package in ("qfp32", "header", "socket", "can", "soic8"):
        above = {"qfp32": 52, "header": 33, "socket": 46, "can": 42, "soic8": 38}[it.package]
        return Label(it.name, it.x - 30, it.y - above, 7.5)
    return Label(it.name, it.x, it.y - above, 6.5)


LABELS: tuple[Label, ...] = (*_TITLES, *map(_name_of, PLACEMENTS))

TRACES: tuple[Trace, ...] = (
    # U1, lower side, to the header
    Trace(((177, 213), (177, 232), (160, 249), (160, 300)), 3),
    Trace(((185, 213), (185, 240), (182, 243), (182, 300)), 3),
    Trace(((193, 213), (193, 250), (194, 251), (194, 318), (205, 323)), 3),
    Trace(((201, 213), (201, 262), (205, 266), (205, 300)), 3),
    Trace(((209, 213), (209, 258), (216, 265), (216, 318), (227, 323)), 3),
    Trace(((217, 213), (217, 246), (227, 256), (227, 300)), 3),
    Trace(((225, 213), (225, 240), (239, 254), (239, 318), (250, 323)), 3),
    Trace(((233, 213), (233, 233), (250, 250), (250, 300)), 3),
    # U1, upper side, to the lamps
    Trace(((177, 117), (177, 108), (150, 81), (150, 56), (134, 44), (134, 30)), 3),
    Trace(((185, 117), (185, 100), (172, 87), (172, 66), (174, 56)), 3),
    Trace(((217, 117), (217, 84), (214, 76), (214, 56)), 3),
    Trace(((225, 117), (225, 94), (236, 83), (236, 66), (230, 56), (230, 30)), 3),
    Trace(((233, 117), (233, 110), (241, 97)), 3),
    # U1, right side, to U2
    Trace(((253, 137), (262, 137), (272, 127), (284, 130)), 3),
    Trace(((253, 145), (270, 145), (280, 152)), 3),
    Trace(((253, 169), (262, 172), (284, 172), (311, 145), (311, 132)), 3),
    Trace(((253, 177), (284, 177), (324, 150), (324, 132)), 3),
    Trace(((253, 185), (276, 185), (291, 199)), 3),
    Trace(((253, 193), (268, 193), (284, 210), (330, 210), (338, 200)), 3),
    # U1, left side, to the crystal
    Trace(((157, 169), (140, 169), (122, 162)), 3),
    Trace(((157, 193), (146, 193), (122, 208)), 3),
    Trace(((157, 145), (146, 138), (134, 126)), 3),
    Trace(((157, 185), (148, 188), (148, 212), (141, 222), (141, 226)), 3),
    # power
    Trace(((364, 223), (346, 214), (318, 222), (276, 222), (266, 226)), 7),
    Trace(((46, 92), (34, 104), (34, 238), (46, 252)), 9),
    Trace(((86, 252), (98, 246), (108, 246)), 7),
    Trace(((124, 246), (146, 250), (146, 262)), 4),
    Trace(((124, 270), (146, 272), (150, 300)), 4),
    Trace(((98, 92), (112, 106), (128, 110)), 7),
    Trace(((53, 180), (44, 172)), 7),
    Trace(((364, 287), (352, 282), (342, 270)), 9),
    Trace(((322, 270), (312, 282), (300, 296)), 6),
    Trace(((311, 78), (311, 66), (322, 56)), 5),
    Trace(((349, 78), (349, 62), (340, 54)), 5),
    Trace(((349, 132), (349, 142), (364, 150), (384, 138)), 4),
    Trace(((384, 96), (384, 120)), 4),
    Trace(((284, 92), (284, 112)), 4),
    Trace(((300, 181), (300, 168), (318, 160)), 4),
    Trace(((348, 181), (348, 168), (388, 176)), 4),
    Trace(((300, 244), (322, 244)), 4),
    Trace(((284, 244), (276, 252), (276, 266), (284, 270)), 4),
    Trace(((60, 302), (40, 302), (34, 290), (34, 262)), 7),
    Trace(((240, 30), (252, 30), (262, 40), (312, 40), (322, 48)), 4),
)
