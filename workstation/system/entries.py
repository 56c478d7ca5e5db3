"""The ways to enter something, each with the same few words: value, set_value, changed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.sources.camera.devices import CameraFound
from workstation.system.fields import Entry, FormField
from workstation.widgets.big_key import BigKey
from workstation.widgets.choice_keys import ChoiceKeys
from workstation.widgets.stepper import Stepper
from workstation.widgets.style import Palette, Sizes
from workstation.widgets.typed_line import TypedLine

LINE_AT_720 = 30


class ValueEntry(QWidget):
    """What all entries offer.

    Signals
    -------
    changed
        A person entered something else.
    left
        A person pressed Esc while typing.
    """

    changed = Signal()
    left = Signal()

    def value(self) -> str:
        """Give what is entered, as text."""
        raise NotImplementedError

    def set_value(self, value: str) -> None:
        """Show a value, without telling."""
        raise NotImplementedError

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        raise NotImplementedError


def make_entry(field: FormField, palette: Palette) -> ValueEntry:
    """Make the widget for a field."""
    match field.entry:
        case Entry.TEXT | Entry.NUMBER:
            return LineEntry(field)
        case Entry.FOLDER | Entry.FILE:
            return PathEntry(field, palette)
        case Entry.DEVICE:
            return DeviceEntry(field, palette)
        case Entry.CHOICE:
            return ChoiceEntry(field, palette)
        case Entry.STEPS:
            return StepsEntry(field, palette)


class LineEntry(ValueEntry):
    """A line to type in."""

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.line = TypedLine()
        self.line.setPlaceholderText(field.hint)
        self.line.setToolTip(field.hint)
        self.line.setAccessibleName(field.label)
        self.line.textEdited.connect(self.changed)
        self.line.left.connect(self.left)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.addWidget(self.line, 0, 0)
        self.grid.setColumnStretch(0, 1)

    def value(self) -> str:
        """Give the text; see `ValueEntry.value`."""
        return self.line.text().strip()

    def set_value(self, value: str) -> None:
        """Show the text from its beginning; see `ValueEntry.set_value`."""
        if value != self.line.text():
            self.line.setText(value)
            self.line.setCursorPosition(0)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self.line.setFixedHeight(sizes.px(LINE_AT_720))
        self.grid.setSpacing(sizes.px(4))


class PathEntry(LineEntry):
    """A path, typed or looked for."""

    def __init__(self, field: FormField, palette: Palette) -> None:
        super().__init__(field)
        self._field = field
        self._choose = BigKey(
            "choose…", shortcut="", palette=palette, tip=f"look for: {field.label}"
        )
        self._choose.clicked.connect(self._look)
        self.grid.addWidget(self._choose, 0, 1)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        super().set_sizes(sizes)
        self._choose.set_sizes(sizes, height_px=sizes.px(LINE_AT_720))
        self._choose.setFixedWidth(sizes.px(76))

    @Slot()
    def _look(self) -> None:
        dialog = QFileDialog(self, self._field.label, self.value())
        folder = self._field.entry is Entry.FOLDER
        mode = QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(self._looked)
        dialog.finished.connect(dialog.deleteLater)
        # Not exec(): the line may run, and a window that blocks the page would hide its faults.
        dialog.setModal(False)
        dialog.show()

    @Slot(str)
    def _looked(self, path: str) -> None:
        self.set_value(path)
        self.changed.emit()


class DeviceEntry(LineEntry):
    """One of the cameras that are found, or a name typed in.

    Signals
    -------
    look_again
        A person wants the cameras to be looked for.
    """

    look_again = Signal()

    def __init__(self, field: FormField, palette: Palette) -> None:
        super().__init__(field)
        self.again = BigKey("look again", shortcut="", palette=palette, tip="look for cameras")
        self.again.clicked.connect(self.look_again)
        self.cameras = ChoiceKeys(palette, below=True)
        self.cameras.chosen.connect(self._pressed)
        self.words = QLabel("Looking for cameras …")
        self.words.setProperty("tone", "quiet")
        self.words.setWordWrap(True)
        self.line.textChanged.connect(self.cameras.choose)
        self.grid.addWidget(self.again, 0, 1)
        self.grid.addWidget(self.words, 1, 0, 1, 2)
        self.grid.addWidget(self.cameras, 2, 0, 1, 2)

    def offer(self, cameras: Sequence[CameraFound]) -> None:
        """Show which cameras were found."""
        self.cameras.offer([(camera.device, _camera_words(camera)) for camera in cameras])
        self.cameras.choose(self.value())
        count = len(cameras)
        found = "1 camera was found:" if count == 1 else f"{count} cameras were found:"
        nothing = "No camera was found. Plug one in, and look again."
        self.words.setText(found if cameras else nothing)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        super().set_sizes(sizes)
        self.again.set_sizes(sizes, height_px=sizes.px(LINE_AT_720))
        self.again.setFixedWidth(sizes.px(92))
        self.cameras.set_sizes(sizes)

    @Slot(str)
    def _pressed(self, device: str) -> None:
        self.set_value(device)
        self.changed.emit()


class ChoiceEntry(ValueEntry):
    """One of a few, with a sentence on what the chosen one means."""

    def __init__(self, field: FormField, palette: Palette) -> None:
        super().__init__()
        self.keys = ChoiceKeys(palette)
        self.keys.offer([(choice.value, choice.words) for choice in field.choices])
        self.keys.chosen.connect(self._pressed)
        self._means = {choice.value: choice.means for choice in field.choices}
        self._sentence = QLabel()
        self._sentence.setProperty("tone", "quiet")
        self._sentence.setWordWrap(True)
        self._sentence.setVisible(any(self._means.values()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.keys)
        column.addWidget(self._sentence)

    def value(self) -> str:
        """Give what is chosen; see `ValueEntry.value`."""
        return self.keys.value

    def set_value(self, value: str) -> None:
        """Mark a value; see `ValueEntry.set_value`."""
        self.keys.choose(value)
        self._sentence.setText(self._means.get(value, ""))

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size; the longest sentence has room, so that nothing jumps."""
        self.keys.set_sizes(sizes)
        self._sentence.setFixedHeight(sizes.px(46))

    @Slot(str)
    def _pressed(self, value: str) -> None:
        self.set_value(value)
        self.changed.emit()


class StepsEntry(ValueEntry):
    """A number that two keys move."""

    def __init__(self, field: FormField, palette: Palette) -> None:
        super().__init__()
        self.stepper = Stepper(palette, steps=field.steps, shown=field.shown)
        self.stepper.setAccessibleName(field.label)
        self.stepper.stepped.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stepper)

    def value(self) -> str:
        """Give the number; see `ValueEntry.value`."""
        return f"{self.stepper.value:.10g}"

    def set_value(self, value: str) -> None:
        """Show a number; see `ValueEntry.set_value`."""
        self.stepper.set_value(float(value))

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self.stepper.set_sizes(sizes)


def _camera_words(camera: CameraFound) -> str:
    return camera.name if camera.stable else f"{camera.name} – its number may change"
