"""The form of one kind of source: its fields below each other, each error beside its field."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.sources.base import SourceConfig
from workstation.system.entries import DeviceEntry, ValueEntry, make_entry
from workstation.system.fields import FormField, SourceKind
from workstation.system.values import FormError, Values, config_of
from workstation.widgets.style import Palette, Sizes


class SourceForm(QScrollArea):
    """Shows and reads the values of one `SourceKind`.

    Signals
    -------
    edited
        A person entered something else.
    left
        A person pressed Esc while typing.
    """

    edited = Signal()
    left = Signal()

    def __init__(self, kind: SourceKind, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = kind
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setObjectName("page")
        self._grid = QGridLayout(inside)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self.rows = {field.name: _Row(field, palette) for field in kind.fields}
        self._lay_out()
        self.setWidget(inside)
        for row in self.rows.values():
            row.entry.changed.connect(self._edited)
            row.entry.left.connect(self.left)

    @property
    def device(self) -> DeviceEntry | None:
        """Where a camera is chosen; None for other kinds."""
        entries = (row.entry for row in self.rows.values())
        return next((entry for entry in entries if isinstance(entry, DeviceEntry)), None)

    def values(self) -> dict[str, str]:
        """Give what stands in the form."""
        return {name: row.entry.value() for name, row in self.rows.items()}

    def show_values(self, values: Values) -> None:
        """Let other values stand in the form; fields that are not named keep theirs."""
        for name, value in values.items():
            if name in self.rows:
                self.rows[name].entry.set_value(value)
        self._follow_choices()
        self.show_problems({})

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Say beside each field what is wrong with it, and go to the first."""
        for name, row in self.rows.items():
            row.show_problem(problems.get(name, ""))
        first = next((row for name, row in self.rows.items() if name in problems), None)
        if first is not None:
            self.ensureWidgetVisible(first)

    def read(self, *, stored: SourceConfig | None) -> SourceConfig | None:
        """Give the configuration; None where something cannot be used, which is then said."""
        try:
            config = config_of(self.kind, self.values(), stored=stored)
        except FormError as error:
            self.show_problems(error.problems)
            return None
        self.show_problems({})
        return config

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._grid.setContentsMargins(0, 0, sizes.px(10), 0)
        self._grid.setHorizontalSpacing(sizes.px(12))
        self._grid.setVerticalSpacing(sizes.px(8))
        for row in self.rows.values():
            row.set_sizes(sizes)

    def _lay_out(self) -> None:
        place, half = 0, 0
        for row in self.rows.values():
            if row.field.half:
                self._grid.addWidget(row, place, half)
                place, half = (place + half, 1 - half)
            else:
                place, half = place + half, 0
                self._grid.addWidget(row, place, 0, 1, 2)
                place += 1
        self._grid.setRowStretch(place + 1, 1)

    def _follow_choices(self) -> None:
        """Show only what means something with what is chosen."""
        values = self.values()
        for row in self.rows.values():
            only = row.field.only_with
            row.setVisible(only is None or values.get(only[0]) == only[1])

    @Slot()
    def _edited(self) -> None:
        self._follow_choices()
        for row in self.rows.values():
            if row.entry is self.sender():
                row.show_problem("")
        self.edited.emit()


class _Row(QWidget):
    """Name, problem and entry of one field."""

    def __init__(self, field: FormField, palette: Palette) -> None:
        super().__init__()
        self.field = field
        self.entry: ValueEntry = make_entry(field, palette)
        name = QLabel(f"{field.label}, {field.unit}" if field.unit else field.label)
        name.setProperty("tone", "quiet")
        # The name gives way to what is wrong, so that no error makes the form wider.
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.problem = QLabel()
        self.problem.setProperty("tone", "bad")
        self.problem.hide()
        self._top = QHBoxLayout()
        self._top.addWidget(name, 1)
        self._top.addWidget(self.problem)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._top)
        self._column.addWidget(self.entry)

    def show_problem(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

    def set_sizes(self, sizes: Sizes) -> None:
        self._column.setSpacing(sizes.px(2))
        self.problem.setFixedHeight(sizes.px(16))
        self.entry.set_sizes(sizes)
