"""System, Source: where pictures come from; chosen, tested live, set up, made the station's."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from engine.sources.base import SimulatorConfig, SourceConfig
from workstation.system.camera_search import CameraSearch
from workstation.system.controller import SourceController
from workstation.system.facts_panel import FactsPanel
from workstation.system.fields import KINDS
from workstation.system.form import SourceForm
from workstation.system.live_view import LiveView
from workstation.system.setup_panel import SetUpPanel
from workstation.system.values import default_values, values_of
from workstation.widgets.big_key import BigKey, KeyTone
from workstation.widgets.choice_keys import ChoiceKeys
from workstation.widgets.style import Palette, Sizes

REPAINT_MS = 100


class SystemPage(QWidget):
    """Shows a `SourceController`; repaints at most every 100 ms, and only what is new."""

    def __init__(
        self,
        controller: SourceController,
        search: CameraSearch,
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._controller = controller
        self._search = search
        self._painted = -1
        self._station = self._looked_at = controller.station_source
        self.kinds = ChoiceKeys(palette)
        self.kinds.offer([(kind.name, kind.words) for kind in KINDS])
        self.forms = {kind.name: SourceForm(kind, palette) for kind in KINDS}
        self._stack = QStackedWidget()
        self.view = LiveView(palette)
        self.numbers = SetUpPanel(palette)
        self.facts = FactsPanel()
        self.sentence = _sentence("strong")
        self.notice = _sentence("act")
        self.test_key = BigKey("test", shortcut="T", palette=palette)
        self.use_key = BigKey("use this source", shortcut="U", palette=palette)
        self.stop_key = BigKey("stop the line", shortcut="X", palette=palette, tone=KeyTone.ACT)
        self.outline_key = BigKey(
            "outline", shortcut="G", palette=palette, tip="outline of a good part over the picture"
        )
        self.outline_key.setCheckable(True)
        self._lay_out()
        self._connect()
        self._timer = QTimer(self)
        self._timer.setInterval(REPAINT_MS)
        self._timer.timeout.connect(self.refresh)
        self._show_station_source()

    @property
    def form(self) -> SourceForm:
        """The form that is open."""
        return self.forms[self.kinds.value]

    def set_sizes(self, sizes: Sizes) -> None:
        """Follow the window's size; called by the window."""
        gap = sizes.px(6)
        self._grid.setContentsMargins(sizes.px(10), gap, gap, gap)
        self._grid.setHorizontalSpacing(sizes.px(8))
        self._grid.setVerticalSpacing(gap)
        self._left.setSpacing(gap)
        self._low.setSpacing(gap)
        self.kinds.set_sizes(sizes)
        for form in self.forms.values():
            form.set_sizes(sizes)
        self._side.setFixedWidth(sizes.px(404))
        self.view.set_sizes(sizes)
        self.numbers.set_sizes(sizes)
        self.facts.set_sizes(sizes)
        self._bottom.setFixedHeight(sizes.px(152))
        self.sentence.setFixedHeight(sizes.px(34))
        self.notice.setFixedHeight(sizes.px(50))
        for key in (self.test_key, self.use_key, self.stop_key):
            key.set_sizes(sizes, height_px=min(sizes.key_px, sizes.px(60)))
        self.stop_key.setFixedWidth(sizes.px(130))
        self.outline_key.set_sizes(sizes, height_px=sizes.px(34))
        self.outline_key.setFixedWidth(sizes.px(120))

    @Slot()
    def refresh(self) -> None:
        """Bring the page up to date; does nothing when nothing is new."""
        controller = self._controller
        if controller.station_source != self._station:
            self._station = controller.station_source
            self._show_station_source()
        if controller.revision == self._painted:
            return
        self._painted = controller.revision
        testing = controller.testing is not None
        self._follow_source(controller.testing or self._station)
        self.test_key.setText("end the test" if testing else "test")
        self.use_key.set_tone(KeyTone.ACT if testing and not controller.trouble else KeyTone.PLAIN)
        self.stop_key.setVisible(controller.blocked)
        self.notice.setText(controller.notice)
        self.sentence.setText(controller.sentence)
        self.view.seldom = not controller.stopped
        self.view.set_bands(*(("TEST – NOTHING IS INSPECTED",) if testing else ()))
        self.facts.show_facts(controller.status, controller.latencies, faults=controller.faults)
        self.outline_key.setEnabled(controller.release is not None)
        if self.view.image is None:
            self._say_no_picture()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hear the keys of the keyboard; what a scanner types never comes here."""
        modifiers = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        deed = self._deeds.get(Qt.Key(event.key()))
        if deed is None or modifiers:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            deed()
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look: at the source, and for cameras."""
        super().showEvent(event)
        self._timer.start()
        self._look_for_cameras()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._painted = -1
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop looking; whoever leaves the page ends the test."""
        super().hideEvent(event)
        if not event.spontaneous():  # a minimised window is no leaving
            self._timer.stop()
            self._controller.end_test()

    def _connect(self) -> None:
        self._deeds: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_T: self._test,
            Qt.Key.Key_U: self._use,
            Qt.Key.Key_G: self._toggle_outline,
            Qt.Key.Key_X: self._stop_line,
            Qt.Key.Key_Escape: self._controller.end_test,
        }
        self.kinds.chosen.connect(self._open_kind)
        for form in self.forms.values():
            form.edited.connect(self._edited)
            form.left.connect(self._take_keyboard)
        device = self.forms["camera"].device
        if device is not None:
            device.look_again.connect(self._search.search)
            self._search.found.connect(device.offer)
        self.test_key.clicked.connect(self._test)
        self.use_key.clicked.connect(self._use)
        self.stop_key.clicked.connect(self._stop_line)
        self.outline_key.clicked.connect(self._toggle_outline)
        self.view.painted.connect(self._measure)
        self.view.went_dark.connect(self._say_no_picture)

    def _lay_out(self) -> None:
        title = QLabel("Source")
        title.setProperty("tone", "title")
        self._in_use = QLabel()
        self._in_use.setProperty("tone", "quiet")
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self._in_use)
        for form in self.forms.values():
            self._stack.addWidget(form)
        self._side = QWidget()
        self._left = QVBoxLayout(self._side)
        self._left.setContentsMargins(0, 0, 0, 0)
        self._left.addWidget(self._stack, 1)
        answer = QHBoxLayout()
        answer.addWidget(self.notice, 1)
        answer.addWidget(self.stop_key)
        self._left.addLayout(answer)
        keys = QHBoxLayout()
        keys.addWidget(self.test_key)
        keys.addWidget(self.use_key)
        self._left.addLayout(keys)
        self._bottom = QWidget()
        self._low = QHBoxLayout(self._bottom)
        self._low.setContentsMargins(0, 0, 0, 0)
        self._low.addWidget(self.numbers, 1)
        self._low.addWidget(self.facts)
        self._grid = QGridLayout(self)
        self._grid.addLayout(head, 0, 0)
        self._grid.addWidget(self.kinds, 0, 1, 1, 2)
        self._grid.addWidget(self._side, 1, 0, 3, 1)
        self._grid.addWidget(self.view, 1, 1, 1, 2)
        self._grid.addWidget(self.sentence, 2, 1)
        self._grid.addWidget(self.outline_key, 2, 2)
        self._grid.addWidget(self._bottom, 3, 1, 1, 2)
        self._grid.setRowStretch(1, 1)
        self._grid.setColumnStretch(1, 1)

    def _show_station_source(self) -> None:
        """Open the form of the station's source, with what the station is set to."""
        config = self._station
        for kind in KINDS:
            if kind.name == config.kind:
                self._in_use.setText(f"in use: {kind.words}")
            form = self.forms[kind.name]
            if kind.name == config.kind:
                form.show_values(values_of(config))
            elif not any(form.values().values()):
                form.show_values(default_values(kind))
        self.kinds.choose(config.kind)
        self._stack.setCurrentWidget(self.form)

    def _follow_source(self, source: SourceConfig) -> None:
        """Show nothing of one source while another is open; a simulator that is adjusted stays."""
        before, self._looked_at = self._looked_at, source
        if source.kind != before.kind or (
            source != before and not isinstance(source, SimulatorConfig)
        ):
            self.numbers.begin()
            self.view.drop_picture("")

    @Slot(str)
    def _open_kind(self, name: str) -> None:
        self._stack.setCurrentWidget(self.form)
        release = self._controller.release
        pattern = None if release is None else release.manifest.part_pattern
        if pattern and name != self._station.kind and not self.form.values().get("part_pattern"):
            self.form.show_values({"part_pattern": pattern})  # as the release tells parts apart
        self._look_for_cameras()
        self._controller.end_test()
        self.refresh()

    def _look_for_cameras(self) -> None:
        if self.form.device is not None:  # only then: some systems open every camera to find it
            self._search.search()

    @Slot()
    def _edited(self) -> None:
        if self.form.kind.config is SimulatorConfig:
            config = self.form.read(stored=self._station)
            if isinstance(config, SimulatorConfig):
                self._controller.adjust(config)
                self.refresh()

    @Slot()
    def _test(self) -> None:
        if self._controller.testing is not None:
            self._controller.end_test()
        elif (config := self.form.read(stored=self._station)) is not None:
            self._controller.test(config)
        self.refresh()

    @Slot()
    def _use(self) -> None:
        config = self.form.read(stored=self._station)
        if config is not None:
            self._controller.use(config)
        self.refresh()

    @Slot()
    def _stop_line(self) -> None:
        if self._controller.blocked:  # only where the key is shown that says so
            self._controller.stop_line()

    @Slot()
    def _toggle_outline(self) -> None:
        shown = self.view.has_outline
        self.view.show_outline(None if shown else self._controller.outline)
        self.outline_key.setChecked(self.view.has_outline)

    @Slot()
    def _measure(self) -> None:
        image = self.view.image
        if image is not None:
            numbers = self._controller.set_up.measure(image)
            self.numbers.show_numbers(numbers)
            self.view.show_roi(numbers.rectangle)

    @Slot()
    def _say_no_picture(self) -> None:
        self.numbers.show_numbers(None)
        controller = self._controller
        lost = controller.trouble or (
            controller.status is not None and not controller.status.healthy
        )
        self.view.drop_picture("No picture" if lost else "No picture yet")

    @Slot()
    def _take_keyboard(self) -> None:
        self.setFocus(Qt.FocusReason.OtherFocusReason)


def _sentence(tone: str) -> QLabel:
    """Make a label that wraps its sentence and is no taller for it."""
    label = QLabel()
    label.setProperty("tone", tone)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label
