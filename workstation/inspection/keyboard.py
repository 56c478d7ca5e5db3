"""The page's keys as one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent


class Action(StrEnum):
    """What a key does."""

    REALLY_OK = "really OK"
    REALLY_NG = "really NG"
    UNSURE = "unsure"
    UNDO = "undo the last judgement (10 s)"
    START = "start"
    STOP = "stop"
    TRIGGER = "take a part now"
    AGAIN = "inspect a part again"
    SOUND = "sounds on or off"
    HEAT = "heatmap on or off"
    OUTLINES = "outlines of regions on or off"
    OPACITY = "heatmap: next opacity"
    COLOURS = "heatmap: inferno or cividis"
    FREEZE = "stand still at the next NG"
    OLDER = "look at an older part"
    NEWER = "look at a newer part"
    JUDGE_SHOWN = "judge the part that is looked at"
    ZOOM_IN = "zoom in"
    ZOOM_OUT = "zoom out"
    WHOLE = "show the whole picture"
    UNLOCK = "unlock the limit for 60 s, or lock it"
    LIMIT_UP = "reject limit 1 % up"
    LIMIT_DOWN = "reject limit 1 % down"
    KEEP = "write the reason and keep the limit on trial"
    BACK = "undo the trial, close a bar, back to live"
    LOT = "another lot"
    SEEN = "message seen"
    OWN_PICTURES = "use my own pictures"
    HELP = "this sheet"


@dataclass(frozen=True, slots=True)
class Binding:
    """One key of the keyboard."""

    shown: str
    """As written on keys and in the sheet."""
    action: Action
    keys: tuple[str | Qt.Key, ...]
    """Characters in lower case, or keys without a character."""


BINDINGS: tuple[Binding, ...] = (
    Binding("1", Action.REALLY_OK, ("1",)),
    Binding("2", Action.REALLY_NG, ("2",)),
    Binding("3", Action.UNSURE, ("3",)),
    Binding("Z", Action.UNDO, ("z",)),
    Binding("J", Action.JUDGE_SHOWN, ("j",)),
    Binding("S", Action.START, ("s",)),
    Binding("X", Action.STOP, ("x",)),
    Binding("Space", Action.TRIGGER, (" ", "t")),
    Binding("A", Action.AGAIN, ("a",)),
    Binding("L", Action.LOT, ("l",)),
    Binding("M", Action.SEEN, ("m",)),
    Binding("Q", Action.SOUND, ("q",)),
    Binding("H", Action.HEAT, ("h",)),
    Binding("O", Action.OPACITY, ("o",)),
    Binding("C", Action.COLOURS, ("c",)),
    Binding("R", Action.OUTLINES, ("r",)),
    Binding("F", Action.FREEZE, ("f",)),
    Binding("→", Action.OLDER, (Qt.Key.Key_Right,)),
    Binding("←", Action.NEWER, (Qt.Key.Key_Left,)),
    Binding("PgUp", Action.ZOOM_IN, (Qt.Key.Key_PageUp,)),
    Binding("PgDn", Action.ZOOM_OUT, (Qt.Key.Key_PageDown,)),
    Binding("Home", Action.WHOLE, (Qt.Key.Key_Home,)),
    Binding("U", Action.UNLOCK, ("u",)),
    Binding("+", Action.LIMIT_UP, ("+", "=")),
    Binding("−", Action.LIMIT_DOWN, ("-", "−")),
    Binding("Enter", Action.KEEP, (Qt.Key.Key_Return, Qt.Key.Key_Enter)),
    Binding("Esc", Action.BACK, (Qt.Key.Key_Escape,)),
    Binding("P", Action.OWN_PICTURES, ("p",)),
    Binding("?", Action.HELP, ("?",)),
)
_BY_KEY = {key: binding.action for binding in BINDINGS for key in binding.keys}
_REPEATING = (
    *(Action.LIMIT_UP, Action.LIMIT_DOWN, Action.OLDER, Action.NEWER),
    *(Action.ZOOM_IN, Action.ZOOM_OUT),
)
_SHOWN = {binding.action: binding.shown for binding in BINDINGS}


def shown_key(action: Action) -> str:
    """Give the key of an action as it is written on screen."""
    return _SHOWN[action]


class Keyboard(QObject):
    """Turns key presses into actions; what a scanner types never comes here.

    Signals
    -------
    acted
        An `Action`.
    """

    acted = Signal(object)

    def take(self, event: QKeyEvent) -> bool:
        """Take a key press; False when the key means nothing here."""
        modifiers = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if modifiers:
            return False
        text = event.text()
        key = text.lower() if text and text.isprintable() else Qt.Key(event.key())
        action = _BY_KEY.get(key)
        if action is None:
            return False
        # A key held down repeats; only keys that move something by steps may.
        if not event.isAutoRepeat() or action in _REPEATING:
            self.acted.emit(action)
        return True
