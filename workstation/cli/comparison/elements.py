"""HTML and SVG elements from Python: whatever is not an element is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias


class Markup(str):
    """Text that is HTML already; made by `element` alone."""

    __slots__ = ()


Child: TypeAlias = str | Iterable["Child"]
"""Text, an element, or any number of either."""

_EMPTY = frozenset({"img", "meta"})
"""HTML elements that have no end tag."""


def element(name: str, /, *children: Child, **attributes: str | float) -> Markup:
    """Give one element.

    Parameters
    ----------
    attributes
        In a name a trailing underscore is left out and any other is a hyphen: ``class_``,
        ``stroke_width``.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
    )
    if name in _EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Give elements and escaped text, one after the other."""
    return Markup("".join(_of(child) for child in children))


def _of(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    return escape(child) if isinstance(child, str) else joined(*child)


def _text(value: str | float) -> str:
    """Tenths of a pixel are enough for a drawing."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
