"""The window: pages at the left edge, the station's state at the bottom, one page between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from workstation.inspection.banner import banner_of
from workstation.inspection.line import Line
from workstation.inspection.page import InspectPage
from workstation.inspection.status_line import StationFacts, StatusLine
from workstation.system.page import SystemPage
from workstation.widgets.big_key import BigKey
from workstation.widgets.line_strip import LineStrip
from workstation.widgets.page_key import PageKey
from workstation.widgets.style import Palette, Sizes, dots_per_inch, style_sheet

FACTS_MS = 500
STRIP_MS = 100
"""How soon a verdict is seen while another page than the operator's is open."""
EDGE_AT_720 = 50

Page = InspectPage | SystemPage


@dataclass(frozen=True, slots=True)
class _Entry:
    """One page at the left edge."""

    word: str
    icon: str
    key: str
    page: Page


class MainWindow(QWidget):
    """Gives every part its size and asks to be closed; what closing takes is the program's affair.

    The operator's page comes first. While another page is open the line runs on, and a strip over
    the page says what the operator's page says.

    Signals
    -------
    closing
        The person closes the window. It stays open until `close_now` is called, so that the
        engine can end its part and the record can be closed first.
    """

    closing = Signal()

    def __init__(
        self,
        page: InspectPage,
        line: Line,
        palette: Palette,
        *,
        facts: Callable[[], StationFacts],
        system: SystemPage | None = None,
    ) -> None:
        """Put the window together.

        Parameters
        ----------
        page
            The operator's page.
        line
            What the page shows; the strip and the bottom edge show some of it too.
        palette
            Colours.
        facts
            Asked twice a second, in the window's thread; answers at once.
        system
            The page for setting the station up; None: there is none.
        """
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Loupe")
        self.setMinimumSize(1024, 600)
        self._inspect = page
        self._line = line
        self._palette = palette
        self._facts = facts
        self._sizes: Sizes | None = None
        self._may_close = False
        self._entries = [_Entry("Inspect", "icons/inspect.svg", "F1", page)]
        if system is not None:
            self._entries.append(_Entry("System", "icons/system.svg", "F2", system))
        self._pages = QStackedWidget()
        for entry in self._entries:
            self._pages.addWidget(entry.page)
        self.edge = _LeftEdge(self._entries, palette)
        self.edge.page_asked.connect(self.open_page)
        self.edge.keys_pressed.connect(page.toggle_sheet)
        self.strip = LineStrip(palette)
        self.strip.pressed.connect(self._open_inspect)
        self.strip.seen.connect(page.bars.messages.acknowledged)
        self.strip.hide()
        self.status_line = StatusLine()
        self._lay_out()
        self._timer = self._repeat(FACTS_MS, self.refresh)
        self._strip_timer = self._repeat(STRIP_MS, self._refresh_strip)
        self._timer.start()
        self.resize(1280, 720)
        self._follow_size()
        self.refresh()

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self._entries[self._pages.currentIndex()].page

    @Slot(int)
    def open_page(self, index: int) -> None:
        """Open a page by its place at the left edge; the line runs on."""
        self._pages.setCurrentIndex(index)
        self.edge.show_open(index)
        away = self.page is not self._inspect
        self.strip.setVisible(away)
        if away:
            self._refresh_strip()
            self._strip_timer.start()
        else:
            self._strip_timer.stop()

    @Slot()
    def refresh(self) -> None:
        """Bring page and bottom edge up to date."""
        self._inspect.refresh()  # also while hidden: it keeps count and lets go of pictures
        self.status_line.show_facts(self._facts(), self._line)

    @Slot()
    def close_now(self) -> None:
        """Close without asking again; everything behind the window has ended."""
        self._may_close = True
        self._timer.stop()
        self._strip_timer.stop()
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that the person wants to close; wait for `close_now`."""
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.closing.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give every part its size."""
        super().resizeEvent(event)
        self._follow_size()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hand keys that nobody has the focus for to the page that is open."""
        self.page.keyPressEvent(event)

    @Slot()
    def _open_inspect(self) -> None:
        self.open_page(0)

    @Slot()
    def _refresh_strip(self) -> None:
        line = self._line
        self.strip.show_line(banner_of(line), to_judge=line.unjudged, messages=line.messages)

    def _repeat(self, interval_ms: int, work: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(interval_ms)
        timer.timeout.connect(work)
        return timer

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.edge, 0, 0, 2, 1)
        grid.addWidget(self.strip, 0, 1)
        grid.addWidget(self._pages, 1, 1)
        grid.addWidget(self.status_line, 2, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(1, 1)
        for index, entry in enumerate(self._entries):
            # Not letters: they must work while a person types, and no scanner types them.
            shortcut = QShortcut(QKeySequence(entry.key), self)
            shortcut.setProperty("page", index)
            shortcut.activated.connect(self._shortcut_pressed)

    @Slot()
    def _shortcut_pressed(self) -> None:
        self.open_page(int(self.sender().property("page")))

    def _follow_size(self) -> None:
        sizes = Sizes.for_window(self.width(), self.height(), dots_per_inch=dots_per_inch(self))
        if sizes != self._sizes:
            self._sizes = sizes
            self.setStyleSheet(style_sheet(self._palette, sizes))
            self.edge.set_sizes(sizes)
            self.strip.set_sizes(sizes)
            self.status_line.set_sizes(sizes)
            for entry in self._entries:
                entry.page.set_sizes(sizes)


class _LeftEdge(QFrame):
    """The pages as icons with words, only those that exist; and the sheet of keys.

    Signals
    -------
    page_asked
        The place of the page to open, from 0.
    keys_pressed
        The person wants to see the keys.
    """

    page_asked = Signal(int)
    keys_pressed = Signal()

    def __init__(self, entries: Sequence[_Entry], palette: Palette) -> None:
        super().__init__()
        self.setObjectName("edge")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.keys = [
            PageKey(entry.word, icon=entry.icon, shortcut=entry.key, palette=palette)
            for entry in entries
        ]
        for key in self.keys:
            key.clicked.connect(self._pressed)
            column.addWidget(key)
        column.addStretch(1)
        self._sheet = BigKey("keys", shortcut="?", palette=palette, tip="all keys of the keyboard")
        self._sheet.clicked.connect(self.keys_pressed)
        column.addWidget(self._sheet)
        self.show_open(0)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self.setFixedWidth(sizes.px(EDGE_AT_720))
        for key in self.keys:
            key.set_sizes(sizes, width_px=self.width())
        self._sheet.set_sizes(sizes)
        self._sheet.setMinimumWidth(0)

    def show_open(self, index: int) -> None:
        """Mark the page that is open; the sheet of keys is the operator's page's."""
        for place, key in enumerate(self.keys):
            key.setChecked(place == index)
        self._sheet.setEnabled(index == 0)

    @Slot()
    def _pressed(self) -> None:
        pressed = next(i for i, key in enumerate(self.keys) if key is self.sender())
        self.page_asked.emit(pressed)
