"""From the demo to one's own line: two folders and one key."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QLabel, QLineEdit, QWidget

from workstation.widgets.big_key import BigKey, KeyTone
from workstation.widgets.style import Palette, Sizes
from workstation.widgets.typed_line import TypedLine


class OwnPicturesPanel(QFrame):
    """Asks where good pictures lie and where new ones will come.

    Signals
    -------
    asked
        Folder with good pictures to learn from, folder to watch (both `pathlib.Path`).
    left
        The person closed the panel.
    """

    asked = Signal(object, object)
    left = Signal()

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self._over = parent
        self._sizes = Sizes.for_window(1280, 720, dots_per_inch=96)
        title = QLabel("Use my own pictures")
        title.setProperty("tone", "title")
        words = QLabel(
            "Loupe learns from pictures of good parts only; 50 or more are a good start. "
            "Then it inspects every picture that comes into the watched folder."
        )
        words.setWordWrap(True)
        words.setProperty("tone", "quiet")
        self.good, self.watch = TypedLine(), TypedLine()
        self.good.setPlaceholderText("folder with pictures of good parts")
        self.watch.setPlaceholderText("folder into which new pictures come")
        self._why = QLabel()
        self._why.setWordWrap(True)
        self._choose_good = BigKey("choose…", shortcut="", palette=palette)
        self._choose_watch = BigKey("choose…", shortcut="", palette=palette)
        self.learn = BigKey("Learn and start", shortcut="", palette=palette, tone=KeyTone.ACT)
        self._leave = BigKey("not now", shortcut="Esc", palette=palette)
        self._grid = QGridLayout(self)
        self._grid.addWidget(title, 0, 0, 1, 3)
        self._grid.addWidget(words, 1, 0, 1, 3)
        for row, name, line, choose in (
            (2, "good pictures to learn from", self.good, self._choose_good),
            (4, "folder to watch", self.watch, self._choose_watch),
        ):
            self._grid.addWidget(QLabel(name), row, 0, 1, 3)
            self._grid.addWidget(line, row + 1, 0, 1, 2)
            self._grid.addWidget(choose, row + 1, 2)
            line.textChanged.connect(self._follow)
            line.left.connect(self.left)
            line.returnPressed.connect(self._try)
        self._grid.addWidget(self._why, 6, 0, 1, 3)
        self._grid.addWidget(self.learn, 7, 1)
        self._grid.addWidget(self._leave, 7, 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 2)
        self._choose_good.clicked.connect(self._pick_good)
        self._choose_watch.clicked.connect(self._pick_watch)
        self.learn.clicked.connect(self._try)
        self._leave.clicked.connect(self.left)
        self._follow()
        self.hide()

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        self._sizes = sizes
        pad = sizes.px(16)
        self._grid.setContentsMargins(pad, pad, pad, pad)
        self._grid.setSpacing(sizes.px(7))
        for key in (self._choose_good, self._choose_watch):
            key.set_sizes(sizes, height_px=sizes.px(36))
        for key in (self.learn, self._leave):
            key.set_sizes(sizes, height_px=min(sizes.key_px, sizes.px(50)))
            key.setMinimumWidth(sizes.px(130))
        self._why.setMinimumHeight(sizes.px(18))
        self.place()

    def place(self) -> None:
        """Stand in the middle of the picture; called when it changes its size."""
        width = min(self._sizes.px(620), self._over.width())
        self.setFixedWidth(width)
        height = max(self._grid.heightForWidth(width), self.sizeHint().height())
        self.resize(width, height)
        self.move((self._over.width() - width) // 2, (self._over.height() - height) // 2)

    def open(self) -> None:
        """Come in, ready to type."""
        self.show()
        self.raise_()
        self.place()
        self.good.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep keys here: the page's must not hear them while a path is typed."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        event.accept()

    @Slot()
    def _follow(self) -> None:
        missing = [
            line.text().strip()
            for line in (self.good, self.watch)
            if line.text().strip() and not Path(line.text().strip()).is_dir()
        ]
        self._why.setText(f"There is no folder {missing[0]}." if missing else "")
        filled = all(line.text().strip() for line in (self.good, self.watch))
        self.learn.setEnabled(filled and not missing)

    @Slot()
    def _try(self) -> None:
        if self.learn.isEnabled():
            self.asked.emit(Path(self.good.text().strip()), Path(self.watch.text().strip()))

    @Slot()
    def _pick_good(self) -> None:
        self._pick(self.good, "Folder with pictures of good parts")

    @Slot()
    def _pick_watch(self) -> None:
        self._pick(self.watch, "Folder into which new pictures come")

    def _pick(self, line: QLineEdit, title: str) -> None:
        dialog = QFileDialog(self, title, line.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(line.setText)
        # Not exec(): the line may run, and a window that blocks the page would hide its faults.
        dialog.setModal(False)
        dialog.show()
