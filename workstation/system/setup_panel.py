"""Focus and light beside the live picture, each against the good pictures of the release."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from engine.picture_health.numbers import WARNING
from workstation.system.setup_numbers import Gauge, LiveNumbers, place_of
from workstation.widgets.level_bar import Level, LevelBar
from workstation.widgets.style import Palette, Sizes

_GOOD = (place_of(-WARNING), place_of(WARNING))


class SetUpPanel(QFrame):
    """Shows `LiveNumbers`; keeps the best focus of a set-up, because a lens is turned past it."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self._best = (0.0, Gauge("–"))
        self.focus = _GaugeRow("focus", palette)
        self.light = _GaugeRow("light", palette)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.sentence.setSizePolicy(
            self.sentence.sizePolicy().horizontalPolicy(), self.sentence.sizePolicy().Policy.Ignored
        )
        self._grid = QGridLayout(self)
        for row, gauge in enumerate((self.focus, self.light)):
            for column, label in enumerate((gauge.name, gauge.words, gauge.usual)):
                self._grid.addWidget(label, 2 * row, column)
            self._grid.addWidget(gauge.bar, 2 * row + 1, 0, 1, 3)
        self._grid.addWidget(self.sentence, 4, 0, 1, 3)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(4, 1)

    def begin(self) -> None:
        """Forget the best focus: another source is set up."""
        self._best = (0.0, Gauge("–"))

    def show_numbers(self, numbers: LiveNumbers | None) -> None:
        """Show what was measured; None: there is no picture."""
        if numbers is None:
            for gauge in (self.focus, self.light):
                gauge.show_gauge(Gauge("–"))
            self.sentence.setText("")
            return
        if numbers.sharpness > self._best[0]:
            self._best = (numbers.sharpness, numbers.focus)
        best = self._best[1]
        self.focus.show_gauge(numbers.focus, best=best, share=numbers.sharpness / self._best[0])
        self.light.show_gauge(numbers.light)
        self.light.words.setText(f"{numbers.light.words}, {numbers.clipped.words} clipped")
        self.sentence.setText(numbers.sentence)

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size."""
        pad = sizes.px(8)
        self._grid.setContentsMargins(pad, sizes.px(5), pad, sizes.px(4))
        self._grid.setHorizontalSpacing(sizes.px(10))
        self._grid.setVerticalSpacing(0)
        for gauge in (self.focus, self.light):
            gauge.set_sizes(sizes)


class _GaugeRow:
    """Name, number, bar, and what is usual."""

    def __init__(self, name: str, palette: Palette) -> None:
        self.name = QLabel(name)
        self.name.setProperty("tone", "strong")
        self.words = QLabel("–")
        self.bar = LevelBar(palette)
        self.usual = QLabel()
        self.usual.setProperty("tone", "quiet")

    def set_sizes(self, sizes: Sizes) -> None:
        self.name.setFixedWidth(sizes.px(50))
        self.bar.set_sizes(sizes)

    def show_gauge(
        self, gauge: Gauge, *, best: Gauge | None = None, share: float | None = None
    ) -> None:
        self.words.setText(gauge.words)
        tone = "bad" if gauge.faulty else "strong"
        if self.name.property("tone") != tone:
            self.name.setProperty("tone", tone)
            self.name.style().polish(self.name)
        if gauge.place is not None:
            self.usual.setText(f"good: {gauge.usual}")
            best_place = None if best is None else best.place
            self.bar.show_level(
                Level(gauge.place, _GOOD, best_place, warned=gauge.warned, faulty=gauge.faulty)
            )
        else:
            # Without a release the best so far is all there is to compare with.
            self.usual.setText("" if best is None else f"best: {best.words}")
            self.bar.show_level(Level(share, best=None if share is None else 1.0))
