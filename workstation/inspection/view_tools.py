"""Small keys over the picture's edge: what is laid over it, how it is held, what is heard."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.inspection.keyboard import Action, shown_key
from workstation.inspection.line import Line
from workstation.widgets.big_key import BigKey, KeyTone
from workstation.widgets.overlay import OverlaySettings
from workstation.widgets.style import Palette, Sizes

OPACITIES = (0.3, 0.45, 0.6, 0.8, 1.0)
_TOOLS = (
    (Action.HEAT, "heatmap"),
    (Action.OPACITY, "opacity"),
    (Action.COLOURS, "colours"),
    (Action.OUTLINES, "outlines"),
    (Action.WHOLE, "whole"),
    (Action.FREEZE, "hold NG"),
    (Action.SOUND, "sound"),
)


class ViewChoice(QObject):
    """What a person chose to see over every picture of the page.

    Signals
    -------
    changed
        The new `OverlaySettings`.
    """

    changed = Signal(object)

    def __init__(self, settings: OverlaySettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings

    def apply(self, action: Action) -> bool:
        """Follow a key; False when it is not about the overlay."""
        s = self.settings
        match action:
            case Action.HEAT:
                s = replace(s, heat=not s.heat)
            case Action.OUTLINES:
                s = replace(s, outlines=not s.outlines)
            case Action.COLOURS:
                s = replace(s, colours=s.colours.next())
            case Action.OPACITY:
                higher = [opacity for opacity in OPACITIES if opacity > s.opacity]
                s = replace(s, opacity=min(higher, default=OPACITIES[0]))
            case _:
                return False
        self.settings = s
        self.changed.emit(s)
        return True


class ViewTools(QWidget):
    """A column of keys; shows which are on.

    Signals
    -------
    pressed
        The `Action` of a key.
    """

    pressed = Signal(object)

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        self._only_sound = False
        self._keys: dict[Action, BigKey] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for action, words in _TOOLS:
            key = BigKey(words, shortcut=shown_key(action), palette=palette, tip=action.value)
            key.clicked.connect(self._tell)
            self._keys[action] = key
            self._column.addWidget(key)
        for action in (Action.HEAT, Action.OUTLINES, Action.FREEZE):
            self._keys[action].setCheckable(True)

    @property
    def room_px(self) -> int:
        """Width of the column with its gap."""
        return self._sizes.px(84)

    def words(self, action: Action) -> str:
        """Give what stands on a key."""
        return self._keys[action].text()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self._column.setSpacing(sizes.px(3))
        for key in self._keys.values():
            key.set_sizes(sizes, height_px=sizes.px(54))
            key.setFixedWidth(sizes.px(76))

    def place(self) -> None:
        """Stand at the right edge of the picture, at its lower end."""
        self.adjustSize()
        gap = self._sizes.px(4)
        self.move(
            QPoint(
                self._over.width() - self.width() - gap, self._over.height() - self.height() - gap
            )
        )

    def show_sound(self, line: Line) -> None:
        """Show whether anything is heard; always there, and blue while it is muted."""
        key, words = self._keys[Action.SOUND], "sound" if line.sounds_on else "MUTED"
        key.setText("no sound" if line.silent_because else words)
        key.set_tone(KeyTone.PLAIN if line.sounds_on else KeyTone.ACT)

    def show_only_sound(self, only: bool) -> None:
        """Hide the keys that are about a picture where there is none."""
        if only is self._only_sound:
            return
        self._only_sound = only
        for action, key in self._keys.items():
            key.setVisible(action is Action.SOUND or not only)
        self.place()

    def show_choice(self, settings: OverlaySettings, *, freeze: bool) -> None:
        """Show what is on."""
        self._keys[Action.HEAT].setChecked(settings.heat)
        self._keys[Action.OUTLINES].setChecked(settings.outlines)
        self._keys[Action.FREEZE].setChecked(freeze)
        self._keys[Action.OPACITY].setText(f"{settings.opacity:.0%}")
        self._keys[Action.COLOURS].setText(settings.colours.value)

    def _tell(self) -> None:
        for action, key in self._keys.items():
            if key is self.sender():
                self.pressed.emit(action)
