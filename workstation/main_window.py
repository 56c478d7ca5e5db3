"""The window: pages at the left edge, the station's state at the bottom, one page between."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from workstation.inspection.line import Line
from workstation.inspection.page import InspectPage
from workstation.inspection.status_line import StationFacts, StatusLine
from workstation.widgets.big_key import BigKey
from workstation.widgets.lettering import sized_font
from workstation.widgets.style import Palette, Sizes, dots_per_inch, style_sheet

FACTS_MS = 500
EDGE_AT_720 = 50


class MainWindow(QWidget):
    """Gives every part its size and asks to be closed; what closing takes is the program's affair.

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
    ) -> None:
        """Put the window together.

        Parameters
        ----------
        page
            The operator's page.
        line
            What the page shows; the bottom edge shows some of it too.
        palette
            Colours.
        facts
            Asked twice a second, in the window's thread; answers at once.
        """
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Loupe")
        self.setMinimumSize(1024, 600)
        self._page = page
        self._line = line
        self._palette = palette
        self._facts = facts
        self._sizes: Sizes | None = None
        self._may_close = False
        self._edge = _LeftEdge(palette)
        self._edge.keys_pressed.connect(page.toggle_sheet)
        self.status_line = StatusLine()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self._edge, 0, 0)
        grid.addWidget(page, 0, 1)
        grid.addWidget(self.status_line, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(0, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(FACTS_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.resize(1280, 720)
        self._follow_size()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Bring page and bottom edge up to date."""
        self._page.refresh()
        self.status_line.show_facts(self._facts(), self._line)

    @Slot()
    def close_now(self) -> None:
        """Close without asking again; everything behind the window has ended."""
        self._may_close = True
        self._timer.stop()
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
        """Hand keys that nobody has the focus for to the page."""
        self._page.keyPressEvent(event)

    def _follow_size(self) -> None:
        sizes = Sizes.for_window(
            self.width(), self.height(), dots_per_inch=dots_per_inch(self.screen())
        )
        if sizes != self._sizes:
            self._sizes = sizes
            self.setStyleSheet(style_sheet(self._palette, sizes))
            self._edge.set_sizes(sizes)
            self.status_line.set_sizes(sizes)
            self._page.set_sizes(sizes)


class _LeftEdge(QFrame):
    """The pages as icons with words, only those that exist; and the sheet of keys.

    Signals
    -------
    keys_pressed
        The person wants to see the keys.
    """

    keys_pressed = Signal()

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setObjectName("edge")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._inspect = _PageSign("Inspect", "icons/inspect.svg", palette)
        self._column.addWidget(self._inspect)
        self._column.addStretch(1)
        self._keys = BigKey("keys", shortcut="?", palette=palette, tip="all keys of the keyboard")
        self._keys.clicked.connect(self.keys_pressed)
        self._column.addWidget(self._keys)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self.setFixedWidth(sizes.px(EDGE_AT_720))
        self._inspect.set_sizes(sizes)
        self._keys.set_sizes(sizes)
        self._keys.setMinimumWidth(0)


class _PageSign(QWidget):
    """Icon and word of the page that is open."""

    def __init__(self, word: str, icon: str, palette: Palette) -> None:
        super().__init__()
        self._word = word
        self._palette = palette
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        svg = files("resources").joinpath(icon).read_bytes()
        self._icon = QSvgRenderer(QByteArray(svg), self)
        self.setAccessibleName(word)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        self.setFixedSize(QSize(sizes.px(EDGE_AT_720), sizes.px(60)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the open page's mark, icon and word."""
        painter = QPainter(self)
        px = self._sizes.px
        painter.fillRect(self.rect(), QColor(self._palette.key))
        painter.fillRect(QRectF(0, 0, px(3), self.height()), QColor(self._palette.text))
        side = px(24)
        self._icon.render(painter, QRectF((self.width() - side) / 2, px(9), side, side))
        painter.setPen(QColor(self._palette.text))
        painter.setFont(sized_font(self.font(), pixels=px(11)))
        below = QRectF(0, px(36), self.width(), px(18))
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._word)
