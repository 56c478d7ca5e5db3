"""The page's keys as one table, and a guard that tells a scanner from a finger."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent

SCAN_GAP_MS = 45
"""Characters that follow each other faster come from a scanner, not from a finger."""
SHORTEST_SCAN = 3


class Action(StrEnum):
    """What a key does."""

    REALLY_OK = "really OK"
    REALLY_NG = "really NG"
    UNSURE = "unsure"
    UNDO = "undo the last judgement (10 s)"
    START = "start"
    STOP = "stop"
    TRIGGER = "take the next part (sources that wait for a trigger)"
    AGAIN = "inspect a part again"
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
    BACK = "undo the trial, close a bar, return to the live picture"
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
_SHOWN = {binding.action: binding.shown for binding in BINDINGS}


def shown_key(action: Action) -> str:
    """Give the key of an action as it is written on screen."""
    return _SHOWN[action]


class Keyboard(QObject):
    """Turns key presses into actions.

    A character waits for 45 ms: if others follow at once, a scanner is typing, and none of its
    characters may press a key.

    Signals
    -------
    acted
        An `Action`.
    scanned
        What a scanner typed up to its Return.
    """

    acted = Signal(object)
    scanned = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._typed = ""
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(SCAN_GAP_MS)
        self._quiet.timeout.connect(self._fell_quiet)

    def take(self, event: QKeyEvent) -> bool:
        """Take a key press; False when the key means nothing here."""
        modifiers = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if modifiers:
            return False
        text = event.text()
        if text and text.isprintable():
            return self._take_character(text, repeated=event.isAutoRepeat())
        action = _BY_KEY.get(Qt.Key(event.key()))
        if len(self._typed) > 1 and action is Action.KEEP:
            self._end_scan()
            return True
        if action is not None:
            self.acted.emit(action)
        return action is not None

    def _take_character(self, text: str, *, repeated: bool) -> bool:
        action = _BY_KEY.get(text.lower())
        if repeated:
            # A key held down repeats as fast as a scanner types; only the limit keys may.
            if action in (Action.LIMIT_UP, Action.LIMIT_DOWN):
                self.acted.emit(action)
            return True
        self._typed += text
        self._quiet.start()
        return True

    def _fell_quiet(self) -> None:
        typed, self._typed = self._typed, ""
        action = _BY_KEY.get(typed.lower())
        if len(typed) >= SHORTEST_SCAN:
            self.scanned.emit(typed)
        elif action is not None:
            self.acted.emit(action)

    def _end_scan(self) -> None:
        typed, self._typed = self._typed, ""
        self._quiet.stop()
        self.scanned.emit(typed)
